using Bayou.Ingest;
using Bayou.Logs;
using Bayou.Otlp.Protocol;
using CsCheck;
using Google.Protobuf;
using static Bayou.Otlp.AnyMessages;

namespace Bayou.Otlp;

/// <summary>What is read from the wire in place is what the generated parser reads, on messages that nobody chose.</summary>
public sealed class WireTests(BayouServer server) : IClassFixture<BayouServer>
{
    private const int Runs = 2_000;

    private static readonly Gen<LogRecord> Record = Gen.Select(Gen.ULong[1, 3_000_000_000], Gen.Int[0, 30], Text, Gen.Select(Gen.Bool, Any), Attributes,
        Gen.Select(Bytes, Bytes, Text, Gen.Bool), (ago, severity, severityText, body, attributes, ids) =>
        {
            var record = new LogRecord
            {
                SeverityNumber = (SeverityNumber)severity, SeverityText = severityText, Body = body.Item1 ? body.Item2 : null, TraceId = ids.Item1,
                SpanId = ids.Item2, EventName = ids.Item3, DroppedAttributesCount = (uint)(ago % 3),
            };
            var time = Now - ago;
            record.TimeUnixNano = ids.Item4 ? time : 0;
            record.ObservedTimeUnixNano = ids.Item4 ? 1 : time;
            record.Attributes.Add(attributes);
            return record;
        });

    private static readonly Gen<ExportLogsServiceRequest> Request = Gen.Select(Attributes, Text, Attributes, Record.Array[0, 3], RequestOf);

    private static ExportLogsServiceRequest RequestOf(KeyValue[] resource, string scope, KeyValue[] ofScope, LogRecord[] records)
    {
        var logs = new ScopeLogs { Scope = new() { Name = scope, Version = scope.Length > 3 ? scope : "" } };
        logs.Scope.Attributes.Add(ofScope);
        logs.LogRecords.Add(records);
        var group = new ResourceLogs { Resource = new(), ScopeLogs = { logs } };
        group.Resource.Attributes.Add(resource);
        return new() { ResourceLogs = { group } };
    }

    private static readonly DateTimeOffset Moment = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());

    private static ulong Now => (ulong)Moment.ToUnixTimeMilliseconds() * 1_000_000;

    [Fact]
    public void A_reader_of_the_wire_makes_the_same_lines_as_one_of_objects() => Request.Sample(
        request =>
        {
            var wire = request.ToByteArray();
            using var fromWire = NewBatch();
            using (var reader = new LogRecordReader(Moment, new()))
            {
                reader.Read(wire, fromWire);
            }

            using var fromObjects = NewBatch();
            foreach (var group in ExportLogsServiceRequest.Parser.ParseFrom(wire).ResourceLogs)
            {
                ObjectReader.Read(group, Moment, fromObjects);
            }

            fromWire.Number(1);
            fromObjects.Number(1);
            return fromWire.Count == fromObjects.Count && Same(LogSegments.Short) && Same(LogSegments.Long);

            bool Same(string @class) => fromWire.Of(@class).Bytes.Span.SequenceEqual(fromObjects.Of(@class).Bytes.Span);
        }, iter: Runs);

    [Fact]
    public void JSON_becomes_the_message_that_it_says() => Request.Where(request => !$"{request}".Contains("\\u0000", StringComparison.Ordinal)).Sample(
        request =>
        {
            var json = new JsonFormatter(new JsonFormatter.Settings(false).WithFormatEnumsAsIntegers(true)).Format(request);
            var (message, problem) = new JsonToWire().Read(System.Text.Encoding.UTF8.GetBytes(Hex(json, request)), ExportLogsServiceRequest.Descriptor);
            return problem is null && ExportLogsServiceRequest.Parser.ParseFrom(message.Span).Equals(request);
        }, iter: Runs);

    [Fact]
    public void What_is_no_message_is_refused_and_never_more() => Gen.Select(Request, Gen.Int[0, 1_000], Gen.Byte).Sample((request, at, value) =>
    {
        var wire = request.ToByteArray();
        if (wire.Length == 0)
        {
            return;
        }

        wire[at % wire.Length] = value;
        using var batch = NewBatch();
        using var reader = new LogRecordReader(Moment, new());
        try
        {
            reader.Read(wire.AsSpan(0, wire.Length - (at % 2)), batch);
        }
        catch (InvalidDataException)
        {
            return; // Said, not thrown past the door.
        }

        // What was taken is what a parser takes too, but for texts: those of the wire may be no UTF-8, which is mended.
        Assert.True(batch.Count + reader.Rejected <= 1_000);
    }, iter: Runs);

    private LogBatch NewBatch() => server.Get<ItemKind<LogBatch>>().NewBatch(1);

    /// <summary>OTLP has ids in hex, where protobuf's own JSON has base64.</summary>
    private static string Hex(string json, ExportLogsServiceRequest request)
    {
        foreach (var record in request.ResourceLogs.SelectMany(group => group.ScopeLogs).SelectMany(scope => scope.LogRecords))
        {
            json = HexIds(json, ("traceId", record.TraceId), ("spanId", record.SpanId));
        }

        return json;
    }
}
