using System.Globalization;
using System.Text.Json;
using Bayou.Database;
using Bayou.Http;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>An attempt that did not succeed.</summary>
/// <param name="Stack">Where it failed; null where that is not known.</param>
/// <param name="Detail">What was answered; null for nothing.</param>
internal sealed record JobAttempt(int Attempt, string? Node, DateTime? StartedAt, DateTime FinishedAt, string Error, string? Stack, string? Detail);

/// <summary>One job, with its attempts.</summary>
/// <param name="Attempts">That did not succeed, the first one first; of many, the last.</param>
/// <param name="After">Jobs that it waits for, and how they are.</param>
/// <param name="Result">What it came to; null for nothing.</param>
internal sealed record JobAnswer(JobRow Job, IReadOnlyList<JobAttempt> Attempts, IReadOnlyList<AwaitedJob> After, WrittenJson? Result);

/// <summary>A job that another waits for.</summary>
internal sealed record AwaitedJob(long Id, string Status);

/// <summary><c>GET /worker/jobs/{id}</c>.</summary>
internal sealed class JobDetail([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db)
{
    /// <returns>Null where there is none.</returns>
    public async Task<JobAnswer?> FindAsync(int[] projects, long id, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT {JobRow.Columns}, w.tries::text, w.result::text,
                   ARRAY(SELECT after_id FROM job_waits a WHERE a.project_id = w.project_id AND a.job_id = w.id ORDER BY after_id),
                   ARRAY(SELECT CASE WHEN d.id IS NULL THEN 'open' ELSE d.status END FROM job_waits a
                           LEFT JOIN job_history_dead d ON d.project_id = a.project_id AND d.id = a.after_id
                          WHERE a.project_id = w.project_id AND a.job_id = w.id ORDER BY after_id)
              FROM {JobSource.Of(null)} WHERE w.project_id = ANY ($1) AND w.id = $2 LIMIT 1
            """);
        command.With(projects, id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
        {
            return null;
        }

        var after = reader.GetFieldValue<long[]>(25).Zip(reader.GetFieldValue<string[]>(26), (id, status) => new AwaitedJob(id, status));
        return new(
            await JobRow.ReadAsync(reader, ct), [.. AttemptsOf(reader.GetString(23))], [.. after],
            await reader.TextOrNullAsync(24, ct) is { } result ? JobRow.Json(result) : null);
    }

    private static IEnumerable<JobAttempt> AttemptsOf(string tries)
    {
        using var document = JsonDocument.Parse(tries);
        foreach (var row in document.RootElement.EnumerateArray())
        {
            yield return new(
                row.GetProperty("attempt").GetInt32(), TextOf(row, "node"), TimeOf(row, "started_at"), TimeOf(row, "finished_at") ?? default,
                TextOf(row, "error") ?? "", TextOf(row, "stack"), TextOf(row, "detail"));
        }
    }

    private static string? TextOf(JsonElement row, string name) =>
        row.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static DateTime? TimeOf(JsonElement row, string name) =>
        TextOf(row, name) is { } text ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).UtcDateTime : null;
}
