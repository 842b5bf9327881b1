using Bayou.Database;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Logs;

/// <summary>
/// Lets patterns go: those that no kept line has, and where there are as many as may be, those of the fewest lines, the longest unseen first. Lines of a
/// pattern that went have the pattern of all others; a line like them makes a new one.
/// </summary>
internal sealed class PatternKeeper(NpgsqlDataSource db, LogSegments kind, IOptions<LogsOptions> options)
{
    // A pattern is there before the first of its lines is; so it may be without any for a moment.
    private static readonly TimeSpan Young = TimeSpan.FromMinutes(1);

    private const int LongestCount = 300; // seconds

    /// <summary>The projects that have patterns.</summary>
    public async Task<List<int>> ProjectsAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT DISTINCT project_id FROM log_patterns");
        await using var reader = await command.ExecuteReaderAsync(ct);
        var projects = new List<int>();
        while (await reader.ReadAsync(ct))
        {
            projects.Add(reader.GetInt32(0));
        }

        return projects;
    }

    /// <returns>How many patterns of a project went, merged ones among them.</returns>
    public async Task<int> LetGoAsync(int project, CancellationToken ct)
    {
        var uses = await UsesAsync(project, ct); // Before the lock, since it reads all counts there are.
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await PatternRow.Lock.AcquireAsync(connection, ct, project);
        var gone = Choose(await KnownAsync(connection, project, ct), uses);
        if (gone.Count == 0)
        {
            return 0;
        }

        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new("""
            INSERT INTO log_pattern_generations AS g (project_id, generation, highest)
            SELECT $1, 1, max(id) FROM log_patterns WHERE project_id = $1
            ON CONFLICT (project_id) DO UPDATE SET generation = g.generation + 1, highest = greatest(g.highest, excluded.highest)
            """) { Parameters = { new() { Value = project } } });
        batch.BatchCommands.Add(new("DELETE FROM log_patterns WHERE id = ANY ($1)") { Parameters = { new() { Value = gone.ToArray() } } });
        await batch.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
        return gone.Count;
    }

    private List<int> Choose(Dictionary<int, Known> known, Dictionary<int, Use> uses)
    {
        // A pattern, with those that became it: what is merged is there to tell what old lines have become.
        var families = known.Keys.GroupBy(Root).Select(family => new Family([.. family], [.. family.Select(id => uses.GetValueOrDefault(id))])).ToList();

        // Where it is full, so many that it is not full again at once.
        var most = options.Value.MaxPatterns;
        var wanted = known.Count > most ? known.Count - most * 9 / 10 : 0;
        var gone = new List<int>();
        foreach (var family in families.Where(family => family.Patterns.All(IsOld)).OrderBy(family => family.Lines).ThenBy(family => family.Last))
        {
            if (family.Lines > 0 && gone.Count >= wanted)
            {
                break;
            }

            gone.AddRange(family.Patterns);
        }

        return gone;

        int Root(int id)
        {
            while (known[id].MergedInto is { } into)
            {
                id = into;
            }

            return id;
        }

        bool IsOld(int id) => known[id].Age > Young && !known[id].IsOther;
    }

    private static async Task<Dictionary<int, Known>> KnownAsync(NpgsqlConnection connection, int project, CancellationToken ct)
    {
        await using var command =
            new NpgsqlCommand("SELECT id, merged_into, words = $2, now() - created_at FROM log_patterns WHERE project_id = $1", connection);
        command.With(project, PatternBook.OtherWords);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var known = new Dictionary<int, Known>();
        while (await reader.ReadAsync(ct))
        {
            known[reader.GetInt32(0)] = new(await reader.IsDBNullAsync(1, ct) ? null : reader.GetInt32(1), reader.GetBoolean(2), reader.GetTimeSpan(3));
        }

        return known;
    }

    /// <summary>How many kept lines each pattern has, by the number they were stored with.</summary>
    private async Task<Dictionary<int, Use>> UsesAsync(int project, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        // One sight of segments and counts.
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct);
        var counts = "SELECT pattern_id, lines, last_time FROM log_counts WHERE segment_id IN (SELECT id FROM log_segments WHERE project_id = $1)";
        await using var list = new NpgsqlCommand("SELECT id FROM log_segments WHERE state IN ('hot', 'closed') AND project_id = $1", connection);
        list.With(project);
        await using (var segments = await list.ExecuteReaderAsync(ct))
        {
            while (await segments.ReadAsync(ct))
            {
                counts += $" UNION ALL SELECT pattern_id, 1, created_at FROM {kind.Table(segments.GetInt32(0))}";
            }
        }

        await using var sum = new NpgsqlCommand($"SELECT pattern_id, sum(lines)::bigint, max(last_time) FROM ({counts}) lines GROUP BY 1",
            connection) { CommandTimeout = LongestCount };
        sum.With(project);
        await using var reader = await sum.ExecuteReaderAsync(ct);
        var uses = new Dictionary<int, Use>();
        while (await reader.ReadAsync(ct))
        {
            uses[reader.GetInt32(0)] = new(reader.GetInt64(1), reader.GetDateTime(2));
        }

        return uses;
    }

    private readonly record struct Use(long Lines, DateTime Last);

    private readonly record struct Known(int? MergedInto, bool IsOther, TimeSpan Age);

    private sealed record Family(IReadOnlyList<int> Patterns, IReadOnlyList<Use> Uses)
    {
        public long Lines { get; } = Uses.Sum(use => use.Lines);

        public DateTime Last { get; } = Uses.Max(use => use.Last);
    }
}
