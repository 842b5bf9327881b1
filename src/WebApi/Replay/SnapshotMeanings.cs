using Bayou.Database;
using Bayou.Logs;
using Bayou.Projects;
using Bayou.Search;
using Npgsql;

namespace Bayou.Replay;

/// <summary>Finds what captured requests are about by what words mean. Vectors are made when somebody looks for the first time.</summary>
internal sealed partial class SnapshotMeanings(
    CurrentProject project, SnapshotTexts texts, TextVectors vectors, Meanings meanings, ITextEmbedder embedder, NpgsqlDataSource db,
    ILogger<SnapshotMeanings> logger)
{
    private const string Kind = "snapshot";
    private const int AtOnce = 128; // a second's work
    private const int Most = 200;

    /// <returns>The numbers of the texts that mean the like.</returns>
    public async Task<int[]> NearAsync(IReadOnlyList<string> words, bool isNeeded, CancellationToken ct)
    {
        try
        {
            var all = await texts.AllAsync(project.Id, ct);
            var used = all.SelectMany(text => text.Text.Split(' ')).ToHashSet(StringComparer.OrdinalIgnoreCase);
            var asked = embedder.Known(string.Join(' ', words.Select(word => word.TrimEnd('*'))), used.Contains);
            if (all.Count == 0 || asked.Length == 0)
            {
                return [];
            }

            await EmbedAsync(ct);
            var meaning = await meanings.OfAsync(asked, embedder, ct);
            return [.. (await vectors.NearestAsync(project.Id, Kind, meaning, embedder.Near, Most, null, ct)).Select(text => (int)text.Id)];
        }
        catch (Exception e) when (!isNeeded && e is not OperationCanceledException)
        {
            NotUnderstood(e); // The model cannot be loaded; the words are searched for all the same.
            return [];
        }
    }

    /// <summary>Gives the newest texts without a vector one, a second's worth at a time.</summary>
    private async Task EmbedAsync(CancellationToken ct)
    {
        await vectors.ReadyAsync(ct);
        await using var command = db.CreateCommand($"""
            SELECT t.id, t.text FROM snapshot_texts t
              LEFT JOIN {vectors.Table} v ON v.project_id = t.project_id AND v.kind = $2 AND v.item_id = t.id
             WHERE t.project_id = $1 AND v.item_id IS NULL ORDER BY t.id DESC LIMIT {AtOnce}
            """);
        command.With(project.Id, Kind);
        var missing = new List<(int Id, string Text)>();
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
            {
                missing.Add((reader.GetInt32(0), reader.GetString(1)));
            }
        }

        if (missing.Count > 0)
        {
            var made = await embedder.EmbedAsync(missing.ConvertAll(text => text.Text), ct);
            await vectors.PutAsync(project.Id, Kind, [.. missing.Zip(made, (text, vector) => ((long)text.Id, 1L, vector))], ct);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A search goes by its words alone, for what they mean cannot be told")]
    private partial void NotUnderstood(Exception exception);
}
