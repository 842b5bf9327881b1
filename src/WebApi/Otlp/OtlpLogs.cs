using Bayou.Ingest;
using Bayou.Logs;
using Bayou.Otlp.Protocol;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.Options;

namespace Bayou.Otlp;

/// <summary>Log records: they become log lines.</summary>
internal sealed class OtlpLogs(IngestDoor<LogBatch> door, IOptions<LogsOptions> options, TimeProvider time) : OtlpSignal
{
    public override string Name => "logs";

    public override string Service => "opentelemetry.proto.collector.logs.v1.LogsService";

    public override string RejectedName => "rejectedLogRecords";

    public override MessageDescriptor Request => ExportLogsServiceRequest.Descriptor;

    public override async Task<OtlpOutcome> TakeAsync(
        int project, ReadOnlyMemory<byte> request, string? key, ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        using var batch = await door.OpenAsync(project, ct);
        using var reader = new LogRecordReader(time.GetUtcNow(), options.Value);
        try
        {
            if (!reader.Read(request.Span, batch))
            {
                return new(OtlpStatus.ResourceExhausted, "The request has more records than are taken at once. Send smaller batches.");
            }
        }
        catch (InvalidDataException e)
        {
            return new(OtlpStatus.InvalidArgument, $"The body {e.Message}.");
        }

        return await SubmitAsync(door, project, batch, Name, key, !reader.IsUntimed, body, new(OtlpStatus.Ok, reader.Problem ?? "", reader.Rejected), ct);
    }
}
