using Bayou.Database;
using Bayou.Http;
using Bayou.Search;
using Bayou.Segments;
using Npgsql;

namespace Bayou.Traces;

/// <summary>
/// Narrows a search to what indexes find: spans whose service, name and endpoint have all its words, which are few kinds, and failed ones whose message has
/// some of them. What is found is still held against each word.
/// </summary>
internal sealed class SpanTexts([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db)
{
    private const int MostNames = 20_000; // Where there are more, spans are read one by one.

    public async Task<TraceSelection> NarrowAsync(TraceSelection selection, StoredSegments segments, CancellationToken ct)
    {
        if (selection.Words.Count == 0)
        {
            return selection;
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        var words = selection.Words.Select(TextFold.Of).ToList();
        foreach (var tables in Distinct(selection, segments).Chunk(StatementTables.Most))
        {
            await using var command = db.CreateCommand(
                $"SELECT DISTINCT service, name, endpoint FROM ({string.Join("\nUNION ALL\n", tables)}) named LIMIT {MostNames + 1}");
            await using var reader = await command.ExecuteReaderAsync(ct);
            var count = 0;
            while (await reader.ReadAsync(ct))
            {
                var text = TextFold.Of($"{reader.GetString(0)}\n{reader.GetString(1)}\n{reader.GetString(2)}");
                if (words.TrueForAll(word => text.Contains(word, StringComparison.Ordinal)))
                {
                    names.Add(reader.GetString(1));
                }

                if (++count > MostNames)
                {
                    return selection;
                }
            }
        }

        var sql = selection.Sql.Copy();
        var messages = words.Select(word => $"text_fold(status_message) LIKE {sql.Parameter($"%{FilterSql.Escape(word)}%")}");
        sql.AddSql($"(name = ANY ({sql.Parameter(names.ToArray())}) OR (status = 2 AND ({string.Join(" OR ", messages)})))");
        return selection with { Sql = sql };
    }

    /// <summary>Sealed segments have their names counted.</summary>
    private static IEnumerable<string> Distinct(TraceSelection selection, StoredSegments segments)
    {
        var wanted = selection.Of(segments).ToList();
        var counted = wanted.Where(segment => segment.IsSealed).Select(segment => segment.Id).ToList();
        if (counted.Count > 0)
        {
            yield return $"SELECT service, name, endpoint FROM span_counts WHERE segment_id IN ({string.Join(", ", counted)})";
        }

        foreach (var segment in wanted.Where(segment => !segment.IsSealed))
        {
            yield return $"SELECT service, name, endpoint FROM {segment.Table}";
        }
    }
}
