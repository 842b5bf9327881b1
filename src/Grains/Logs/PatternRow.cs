using Bayou.Database;
using Npgsql;

namespace Bayou.Logs;

/// <summary>A row of <c>log_patterns</c>.</summary>
/// <param name="Words">See <see cref="LineMask"/>.</param>
/// <param name="Source">Of its first line.</param>
internal sealed record PatternRow(int Id, string Words, string Source, int? MergedInto, int Version, long Revision)
{
    /// <summary>What was discovered or changed after a revision, in that order; all there is when some were let go since.</summary>
    /// <param name="generation">Counts how often some were let go, as it was then.</param>
    public static async Task<PatternChanges> ChangedSinceAsync(NpgsqlDataSource db, int project, int generation, long revision, CancellationToken ct)
    {
        // Read rows second: if some are deleted in between, the result has the older generation, so everything is read again next time.
        await using var batch = db.CreateBatch();
        batch.BatchCommands.Add(
            new("SELECT generation, highest FROM log_pattern_generations WHERE project_id = $1") { Parameters = { new() { Value = project } } });
        batch.BatchCommands.Add(new("""
            SELECT id, words, source, merged_into, version, revision FROM log_patterns
             WHERE project_id = $1 AND (revision > $2 OR $3 <> coalesce((SELECT generation
                 FROM log_pattern_generations WHERE project_id = $1), 0)) ORDER BY revision
            """) { Parameters = { new() { Value = project }, new() { Value = revision }, new() { Value = generation } } });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        var (now, highest) = await reader.ReadAsync(ct) ? (reader.GetInt32(0), reader.GetInt32(1)) : (0, 0);
        await reader.NextResultAsync(ct);
        var rows = new List<PatternRow>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(new(reader.GetInt32(0), reader.GetString(1), reader.GetString(2),
                await reader.IsDBNullAsync(3, ct) ? null : reader.GetInt32(3), reader.GetInt32(4), reader.GetInt64(5)));
        }

        return new(rows, now, highest, now != generation);
    }

    /// <summary>Held from before revisions are drawn until they are visible, so that they become so in order.</summary>
    public static readonly AdvisoryLock Lock = new("log_patterns");
}

/// <summary>What became of patterns.</summary>
/// <param name="Highest">The highest number that was ever let go.</param>
/// <param name="IsAll">Whether the rows are all there are, since others were let go.</param>
internal sealed record PatternChanges(IReadOnlyList<PatternRow> Rows, int Generation, int Highest, bool IsAll);
