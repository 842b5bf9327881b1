using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Bayou.Http;
using Bayou.Metrics;

namespace Bayou.Ingest;

/// <summary>What a sender is told of its batch.</summary>
internal sealed record IngestAnswer(int Accepted, int Rejected, IReadOnlyList<FieldError> Errors);

/// <summary>The door to the journal, for the HTTP endpoint and for Bayou's own requests alike.</summary>
internal sealed class IngestService(SeriesRegistry series, IngestNode node)
{
    /// <summary>The only project, until projects can be made.</summary>
    public const int DefaultProject = 1;

    /// <summary>How far a sender's clock may be ahead of this one.</summary>
    public static readonly TimeSpan MaxAhead = TimeSpan.FromMinutes(10);

    public async Task<SubmissionOutcome> SubmitAsync(ObservationBatch batch, SubmissionKey? key, CancellationToken ct)
    {
        var ids = await series.ResolveAsync(DefaultProject, batch.Windows.Keys.Select(k => k.Series).Distinct(), ct);
        var windows = new Dictionary<WindowKey, WindowFigures>(batch.Windows.Count);
        foreach (var ((name, window), figures) in batch.Windows)
        {
            var at = new WindowKey(ids[name], window);
            if (!windows.TryAdd(at, figures))
            {
                windows[at].Merge(figures); // Several endpoints share __other__.
            }
        }

        return await node.SubmitAsync(new Submission(windows, key));
    }

    public static SubmissionKey KeyOf(string idempotencyKey, ReadOnlySpan<byte> body, IngestAnswer answer) => new(
        DefaultProject,
        SHA256.HashData(Encoding.UTF8.GetBytes(idempotencyKey)),
        SHA256.HashData(body),
        JsonSerializer.Serialize(answer, Json.Options));
}
