using Bayou.Ingest;
using Bayou.Otlp.Protocol;
using Bayou.Points;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.Options;

namespace Bayou.Otlp;

/// <summary>Points of metrics: a point each minute of each series.</summary>
internal sealed class OtlpMetrics(IngestDoor<PointBatch> door, IOptions<PointsOptions> options, TimeProvider time) : OtlpSignal
{
    public override string Name => "metrics";

    public override string Service => "opentelemetry.proto.collector.metrics.v1.MetricsService";

    public override string RejectedName => "rejectedDataPoints";

    public override MessageDescriptor Request => ExportMetricsServiceRequest.Descriptor;

    public override async Task<OtlpOutcome> TakeAsync(
        int project, ReadOnlyMemory<byte> request, string? key, ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        using var batch = await door.OpenAsync(project, ct);
        using var reader = new PointReader(now, now.AddDays(-options.Value.RetentionDays));
        try
        {
            if (!reader.Read(request.Span, batch))
            {
                return new(OtlpStatus.ResourceExhausted, "The request has more points than are taken at once. Send smaller batches.");
            }
        }
        catch (InvalidDataException e)
        {
            return new(OtlpStatus.InvalidArgument, $"The body {e.Message}.");
        }

        await batch.ResolveAsync(ct);
        var problem = reader.Problem ?? (batch.Refused > 0 ? $"the project has {options.Value.MaxSeries} series already (Bayou:Points:MaxSeries)" : "");
        var taken = new OtlpOutcome(OtlpStatus.Ok, problem, reader.Rejected + batch.Refused);
        return batch.Refused == batch.Count ? taken : await SubmitAsync(door, project, batch, Name, key, isItself: true, body, taken, ct);
    }
}
