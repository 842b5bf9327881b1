using System.Text;
using Bayou.Ingest;
using Bayou.Projects;
using Bayou.Requests;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Bayou;

internal static class IngestCalls
{
    /// <summary>Brings observations to the ingest node of these services.</summary>
    /// <param name="key">The batch's idempotency key; null for none.</param>
    public static async Task<SubmissionState> SendAsync(
        this IServiceProvider services, string service, string? key, IEnumerable<(string Route, DateTimeOffset Time)> observed)
    {
        using var batch = new ObservationBatch(services.GetRequiredService<SeriesRegistry>(), Project.Default);
        foreach (var (route, time) in observed)
        {
            batch.Add(new(service, $"GET {route}", 200, 1_000, time, 1, 1, 0), default);
        }

        try
        {
            await batch.ResolveAsync(CancellationToken.None);
            var answer = new IngestAnswer(batch.Count, 0, null, [], []);
            var submissionKey = key is null ? null : SubmissionKey.Of(Project.Default, key, Encoding.UTF8.GetBytes(key), answer);
            return (await services.GetRequiredService<IngestNode<ObservationBatch>>().SubmitAsync(new(batch, submissionKey))).State;
        }
        catch (Exception e) when (e is NpgsqlException or ObjectDisposedException) // The latter where the connection broke as it was taken from the pool.
        {
            return SubmissionState.Unavailable; // A new series could not be registered.
        }
    }
}
