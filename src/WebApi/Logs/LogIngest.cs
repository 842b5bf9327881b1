using System.Globalization;
using System.Text;
using Bayou.Http;
using Bayou.Ingest;
using Microsoft.Extensions.Options;

namespace Bayou.Logs;

/// <summary>What a sender is told of its lines.</summary>
/// <param name="Cut">Messages that were too long to be kept whole.</param>
internal sealed record LogIngestAnswer(int Accepted, int Rejected, int Cut, IReadOnlyList<FieldError> Errors, IReadOnlyList<FieldError> Warnings);

/// <summary>Takes a body of log lines, whoever brings it.</summary>
internal sealed class LogIngest(LogNode node, PatternRegistry patterns, IOptions<LogsOptions> options, TimeProvider time)
{
    /// <param name="key">The sender's idempotency key, if any.</param>
    /// <param name="dropped">How many lines the sender says it dropped since its last batch that was taken; the log itself says so where they are missing.</param>
    public async Task<IngestOutcome> TakeAsync(ReadOnlyMemory<byte> body, string? key, long dropped, CancellationToken ct)
    {
        using var batch = new LogBatch(patterns);
        var (answer, broken) = Read(body.Span, batch);
        if (broken is not null || answer.Accepted == 0)
        {
            return IngestOutcome.Refused(broken, answer.Errors);
        }

        if (dropped > 0)
        {
            var message = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{dropped} lines before these were dropped unsent by their sender"));
            batch.Add(new LogLine { Time = time.GetUtcNow().UtcDateTime, Level = LineLevel.Warn, Source = "bayou"u8, Service = batch.Service, Message = message });
        }

        await batch.ResolveAsync(ct);

        // A key is of an address: the same one may name a batch of requests too.
        var submission = new Submission<LogBatch>(batch, key is null ? null : IngestService.KeyOf($"logs\n{key}", body.Span, answer));
        return IngestOutcome.Of(answer, await node.SubmitAsync(submission));
    }

    private (LogIngestAnswer Answer, string? Broken) Read(ReadOnlySpan<byte> body, LogBatch batch)
    {
        var reader = new LineReader(time.GetUtcNow(), options.Value);
        var (errors, warnings) = (new ItemErrors(), new ItemErrors());
        var items = new ItemSplitter(body);
        for (var index = 0; items.MoveNext(); index++)
        {
            if (reader.Read(items.Current, batch) is { } error)
            {
                errors.Add(index, error);
            }
            else
            {
                warnings.Add(index, reader.Warnings);
            }
        }

        return (new(batch.Count, errors.Count, reader.Cut, errors.First, warnings.First), items.Error);
    }
}
