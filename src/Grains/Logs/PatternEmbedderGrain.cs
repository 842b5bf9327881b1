using System.Globalization;
using Bayou.Database;
using Bayou.Search;
using Npgsql;

namespace Bayou.Logs;

internal sealed class PatternEmbedderGrain(NpgsqlDataSource db, ITextEmbedder embedder, TextVectors vectors) : Grain, IPatternEmbedderGrain
{
    private const int AtOnce = 128; // a second's work

    public async Task<bool> EmbedAsync(CancellationToken ct)
    {
        var project = int.Parse(this.GetPrimaryKeyString(), CultureInfo.InvariantCulture);
        await vectors.ReadyAsync(ct);
        var missing = await MissingAsync(project, ct);
        if (missing.Count == 0)
        {
            return false;
        }

        var embedded = await embedder.EmbedAsync(missing.ConvertAll(pattern => pattern.Text), ct);
        await vectors.PutAsync(project, PatternText.Kind, [.. missing.Zip(embedded, (pattern, vector) => (pattern.Id, pattern.Revision, vector))], ct);
        return missing.Count == AtOnce;
    }

    /// <summary>The newest first: they are what is looked for.</summary>
    private async Task<List<(long Id, long Revision, string Text)>> MissingAsync(int project, CancellationToken ct)
    {
        await using var batch = db.CreateBatch();
        batch.BatchCommands.Add(new($"""
            DELETE FROM {vectors.Table} v WHERE project_id = $1 AND kind = $2
               AND NOT EXISTS (SELECT FROM log_patterns p WHERE p.id = v.item_id AND p.merged_into IS NULL)
            """) { Parameters = { new() { Value = project }, new() { Value = PatternText.Kind } } });
        batch.BatchCommands.Add(new($"""
            SELECT p.id, p.revision, p.source, p.words FROM log_patterns p
              LEFT JOIN {vectors.Table} v ON v.project_id = p.project_id AND v.kind = $2 AND v.item_id = p.id
             WHERE p.project_id = $1 AND p.merged_into IS NULL AND v.revision IS DISTINCT FROM p.revision
             ORDER BY p.id DESC LIMIT {AtOnce}
            """) { Parameters = { new() { Value = project }, new() { Value = PatternText.Kind } } });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        var missing = new List<(long, long, string)>();
        while (await reader.ReadAsync(ct))
        {
            missing.Add((reader.GetInt32(0), reader.GetInt64(1), PatternText.Of(reader.GetString(2), reader.GetString(3))));
        }

        return missing;
    }
}
