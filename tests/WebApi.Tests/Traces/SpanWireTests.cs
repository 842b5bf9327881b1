using Bayou.Geo;
using Bayou.Ingest;
using Bayou.Otlp;
using Bayou.Otlp.Protocol;
using Bayou.Requests;
using CsCheck;
using Google.Protobuf;
using static Bayou.Otlp.AnyMessages;
using Record = Bayou.Otlp.Protocol.Span;

namespace Bayou.Traces;

/// <summary>What is read of spans from the wire in place is what the generated parser reads, on messages that nobody chose.</summary>
public sealed class SpanWireTests(BayouServer server) : IClassFixture<BayouServer>
{
    private const int Runs = 2_000;

    private static readonly DateTimeOffset Moment = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());

    private static readonly Gen<ByteString> Id = Gen.OneOf(
        Gen.Byte.Array[16].Select(ByteString.CopyFrom), Gen.Byte.Array[8].Select(ByteString.CopyFrom), Gen.Byte.Array[8].Select(ByteString.CopyFrom),
        Gen.Const(ByteString.Empty), Gen.Const(ByteString.CopyFrom(new byte[8])), Bytes);

    private static readonly Gen<ByteString> TraceId = Gen.OneOf(
        Gen.Byte.Array[16].Select(ByteString.CopyFrom), Gen.Byte.Array[16].Select(ByteString.CopyFrom), Id);

    private static readonly Gen<Record.Types.Event> Event = Gen.Select(Gen.ULong[0, 4_000_000_000_000_000_000], Text, Attributes, (time, name, attributes) =>
        new Record.Types.Event { TimeUnixNano = time, Name = name, Attributes = { attributes } });

    private static readonly Gen<Record.Types.Link> Link = Gen.Select(TraceId, Id, Text, Attributes, (trace, span, state, attributes) =>
        new Record.Types.Link { TraceId = trace, SpanId = span, TraceState = state, Attributes = { attributes }, Flags = 0x301 });

    private static readonly Gen<Record> Span = Gen.Select(
        Gen.Select(TraceId, Id, Id), Gen.Select(Text, Text, Text), Gen.Select(Gen.Int[-1, 7], Gen.Int[-1, 4], Gen.UInt[0, 0x3FF]),
        Gen.Select(Gen.ULong[1, 3_000_000_000], Gen.ULong[0, 6_000_000_000]), Attributes, Gen.Select(Event.Array[0, 3], Link.Array[0, 3], Gen.UInt[0, 2]),
        (ids, texts, numbers, times, attributes, more) =>
        {
            var start = ((ulong)Moment.ToUnixTimeMilliseconds() * 1_000_000) - times.Item1;
            return new Record
            {
                TraceId = ids.Item1, SpanId = ids.Item2, ParentSpanId = ids.Item3, Name = texts.Item1, TraceState = texts.Item2,
                Kind = (Record.Types.SpanKind)numbers.Item1, Flags = numbers.Item3, StartTimeUnixNano = start,
                EndTimeUnixNano = times.Item2 == 0 ? 0 : start - 1_000 + times.Item2,
                Status = numbers.Item2 < 0 ? null : new() { Message = texts.Item3, Code = (Status.Types.StatusCode)numbers.Item2 },
                Attributes = { attributes }, Events = { more.Item1 }, Links = { more.Item2 }, DroppedAttributesCount = more.Item3,
                DroppedEventsCount = more.Item3, DroppedLinksCount = more.Item3,
            };
        });

    private static readonly Gen<ExportTraceServiceRequest> Request = Gen.Select(Attributes, Text, Attributes, Span.Array[0, 3],
        (resource, scope, ofScope, spans) => new ExportTraceServiceRequest
        {
            ResourceSpans =
            {
                new ResourceSpans
                {
                    Resource = new() { Attributes = { resource } },
                    ScopeSpans =
                    {
                        new ScopeSpans
                        {
                            Scope = new() { Name = scope, Version = scope.Length > 3 ? scope : "", Attributes = { ofScope } }, Spans = { spans },
                        },
                    },
                },
            },
        });

    [Fact]
    public void A_reader_of_the_wire_makes_the_same_spans_as_one_of_objects() => Request.Sample(
        request =>
        {
            var wire = request.ToByteArray();
            using var fromWire = NewBatch();
            using (var reader = NewReader())
            {
                reader.Read(wire, fromWire);
            }

            using var fromObjects = NewBatch();
            foreach (var group in ExportTraceServiceRequest.Parser.ParseFrom(wire).ResourceSpans)
            {
                SpanObjects.Read(group, fromObjects);
            }

            fromWire.Number(1);
            fromObjects.Number(1);
            return fromWire.Count == fromObjects.Count && BytesOf(fromWire).SequenceEqual(BytesOf(fromObjects));
        }, iter: Runs);

    [Fact]
    public void JSON_becomes_the_message_that_it_says() => Request.Where(request => !$"{request}".Contains("\\u0000", StringComparison.Ordinal)).Sample(
        request =>
        {
            var json = new JsonFormatter(new JsonFormatter.Settings(false).WithFormatEnumsAsIntegers(true)).Format(request);
            foreach (var span in request.ResourceSpans.SelectMany(group => group.ScopeSpans).SelectMany(scope => scope.Spans))
            {
                json = HexIds(json, ("traceId", span.TraceId), ("spanId", span.SpanId), ("parentSpanId", span.ParentSpanId));
                foreach (var link in span.Links)
                {
                    json = HexIds(json, ("traceId", link.TraceId), ("spanId", link.SpanId));
                }
            }

            var (message, problem) = new JsonToWire().Read(System.Text.Encoding.UTF8.GetBytes(json), ExportTraceServiceRequest.Descriptor);
            return problem is null && ExportTraceServiceRequest.Parser.ParseFrom(message.Span).Equals(request);
        }, iter: Runs);

    [Fact]
    public void What_is_no_message_is_refused_and_never_more() => Gen.Select(Request, Gen.Int[0, 1_000], Gen.Byte).Sample((request, at, value) =>
    {
        var wire = request.ToByteArray();
        wire[at % wire.Length] = value;
        using var batch = NewBatch();
        using var reader = NewReader();
        try
        {
            reader.Read(wire.AsSpan(0, wire.Length - (at % 2)), batch);
        }
        catch (InvalidDataException)
        {
            return; // Said, not thrown past the door.
        }

        Assert.True(batch.Count + reader.Rejected <= 1_000);
    }, iter: Runs);

    private static ReadOnlySpan<byte> BytesOf(SpanBatch batch) => batch.Of(SpanSegments.Class).Bytes.Span;

    private SpanBatch NewBatch() => server.Get<ItemKind<SpanBatch>>().NewBatch(1);

    private SpanReader NewReader() => new(Moment, Moment.AddDays(-7), redacts: false, new(
        server.Get<ItemKind<ObservationBatch>>().NewBatch(1), server.Get<SpanEndpoints>(), server.Get<GeoDatabase>(), Moment.AddDays(-7)));
}
