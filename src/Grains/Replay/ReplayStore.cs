using System.Text.Json;
using Bayou.Database;
using Npgsql;

namespace Bayou.Replay;

/// <summary>What a project has said of how its captured requests are sent again.</summary>
/// <param name="Blocked">Parts of paths to which nothing is sent.</param>
internal sealed record ReplaySettings(IReadOnlyList<string> Blocked);

/// <summary>What was sent again, and what holds for it.</summary>
internal sealed class ReplayStore(NpgsqlDataSource db)
{
    private const int KeptDays = 30;

    /// <summary>How answers and differences are kept.</summary>
    public static JsonSerializerOptions Written { get; } = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public async Task<ReplaySettings> SettingsAsync(int project, CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT paths FROM replay_blocks WHERE project_id = $1");
        command.With(project);
        return new(await command.ExecuteScalarAsync(ct) as string[] ?? []);
    }

    /// <summary>Paths of an endpoint's answers that are not compared.</summary>
    public async Task<IReadOnlyList<string>> IgnoredAsync(int project, string service, string endpoint, CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT paths FROM replay_ignores WHERE project_id = $1 AND service = $2 AND endpoint = $3");
        command.With(project, service, endpoint);
        return await command.ExecuteScalarAsync(ct) as string[] ?? [];
    }

    /// <summary>Keeps what came of one.</summary>
    /// <param name="run">Null for one by itself.</param>
    /// <returns>Its id; null where the run has it already.</returns>
    public async Task<long?> AddAsync(int project, RecordedRequest recorded, Replayed replayed, long? run, string by, CancellationToken ct)
    {
        await using var command = db.CreateCommand("""
            INSERT INTO replays (project_id, snapshot_id, run_id, created_by, service, endpoint, method, url, recorded, outcome, status_code, duration, error,
                                 answer, diff)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::jsonb, $15::jsonb)
            ON CONFLICT (run_id, snapshot_id) WHERE run_id IS NOT NULL DO NOTHING RETURNING id
            """);
        command.With(project, recorded.Id, run, by, recorded.Service, recorded.Endpoint, replayed.Method, replayed.Url, (short)recorded.StatusCode);
        Bind(command, replayed);
        return (long?)await command.ExecuteScalarAsync(ct);
    }

    /// <summary>Puts what came of one in the place of what was kept when it was begun.</summary>
    public async Task EndAsync(long id, Replayed replayed, CancellationToken ct)
    {
        await using var command = db.CreateCommand("""
            UPDATE replays SET method = $2, url = $3, outcome = $4, status_code = $5, duration = $6, error = $7, answer = $8::jsonb, diff = $9::jsonb
             WHERE id = $1
            """);
        command.With(id, replayed.Method, replayed.Url);
        Bind(command, replayed);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static void Bind(NpgsqlCommand command, Replayed replayed) => command.With(
        replayed.Outcome, (short?)replayed.Answer?.StatusCode, replayed.Answer?.Duration,
        replayed.Error ?? (replayed.Refusal is { } refusal ? $"{refusal.Field} {refusal.Message}" : null),
        Json(replayed.Answer), Json(replayed.Diff));

    /// <summary>Forgets what was sent again long ago, as nobody compares with it any more.</summary>
    /// <returns>How many that were.</returns>
    public async Task<int> ForgetAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            WITH gone AS (DELETE FROM replays WHERE created_at < now() - interval '{KeptDays} days' RETURNING 1),
                 runs AS (DELETE FROM replay_runs WHERE created_at < now() - interval '{KeptDays} days')
            SELECT count(*)::int FROM gone
            """);
        return (int)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <remarks>jsonb has no NUL, which a body may have as an escape.</remarks>
    private static string? Json(object? value) => value is null ? null
        : JsonSerializer.Serialize(value, value.GetType(), Written).Replace("\\u0000", "\\uFFFD", StringComparison.Ordinal);
}
