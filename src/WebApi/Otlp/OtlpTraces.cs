using Bayou.Geo;
using Bayou.Ingest;
using Bayou.Metrics;
using Bayou.Otlp.Protocol;
using Bayou.Requests;
using Bayou.Traces;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.Options;

namespace Bayou.Otlp;

/// <summary>
/// Spans: they are stored, and those of servers are request observations too. Both are durable before the sender hears of it; each has a key of its own, so
/// that what is sent again counts once in each.
/// </summary>
internal sealed class OtlpTraces(
    IngestDoor<SpanBatch> spansDoor, IngestDoor<ObservationBatch> requestsDoor, SpanEndpoints endpoints, GeoDatabase geo, IOptions<TracesOptions> options,
    IOptions<MetricsOptions> metrics, TimeProvider time) : OtlpSignal
{
    public override string Name => "traces";

    public override string Service => "opentelemetry.proto.collector.trace.v1.TraceService";

    public override string RejectedName => "rejectedSpans";

    public override MessageDescriptor Request => ExportTraceServiceRequest.Descriptor;

    public override async Task<OtlpOutcome> TakeAsync(
        int project, ReadOnlyMemory<byte> request, string? key, ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        using var spans = await spansDoor.OpenAsync(project, ct);
        using var requests = await requestsDoor.OpenAsync(project, ct);
        requests.Origin = SeriesOrigin.Spans;
        using var reader = new SpanReader(
            now, now - options.Value.Retention, options.Value.Redact, new(requests, endpoints, geo, now.AddDays(-metrics.Value.RetentionDays)));
        try
        {
            if (!reader.Read(request.Span, spans))
            {
                return new(OtlpStatus.ResourceExhausted, "The request has more spans than are taken at once. Send smaller batches.");
            }
        }
        catch (InvalidDataException e)
        {
            return new(OtlpStatus.InvalidArgument, $"The body {e.Message}.");
        }

        var taken = new OtlpOutcome(OtlpStatus.Ok, reader.Problem ?? "", reader.Rejected);
        var stored = await Task.WhenAll(
            SubmitAsync(spansDoor, project, spans, Name, key, isItself: true, body, taken, ct),
            SubmitAsync(requestsDoor, project, requests, $"{Name}.requests", key, isItself: true, body, taken, ct));
        return stored.FirstOrDefault(outcome => outcome.Status != OtlpStatus.Ok) ?? stored[0];
    }
}
