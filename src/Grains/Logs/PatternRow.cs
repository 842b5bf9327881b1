using Npgsql;

namespace Bayou.Logs;

/// <summary>A row of <c>log_patterns</c>.</summary>
/// <param name="Words">See <see cref="LineMask"/>.</param>
internal sealed record PatternRow(int Id, string Words, float[] Embedding, int? MergedInto, int Version, long Revision)
{
    /// <summary>What was discovered or changed after a revision, in that order.</summary>
    public static async Task<List<PatternRow>> ChangedSinceAsync(NpgsqlDataSource db, int project, long revision, CancellationToken ct)
    {
        await using var command = db.CreateCommand("""
            SELECT id, words, embedding, merged_into, version, revision FROM log_patterns WHERE project_id = $1 AND revision > $2 ORDER BY revision
            """);
        command.Parameters.Add(new() { Value = project });
        command.Parameters.Add(new() { Value = revision });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<PatternRow>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(new(reader.GetInt32(0), reader.GetString(1), reader.GetFieldValue<float[]>(2),
                await reader.IsDBNullAsync(3, ct) ? null : reader.GetInt32(3), reader.GetInt32(4), reader.GetInt64(5)));
        }

        return rows;
    }

    /// <summary>Held from before revisions are drawn until they are visible, so that they become so in order.</summary>
    public static async Task LockAsync(NpgsqlConnection connection, int project, CancellationToken ct)
    {
        await using var take = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtextextended('bayou.log_patterns', $1))", connection);
        take.Parameters.Add(new() { Value = (long)project });
        await take.ExecuteNonQueryAsync(ct);
    }
}
