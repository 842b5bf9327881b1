using Bayou.Database;
using Bayou.Segments;
using Microsoft.Extensions.Caching.Memory;
using Npgsql;

namespace Bayou.Logs;

/// <summary>Knows which patterns lines have, by the numbers they are stored under, so that those of no line that is asked for are neither ranked nor read.</summary>
internal sealed class PatternPresence([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, PatternRegistry patterns) : IDisposable
{
    private const long MostNumbers = 8_000_000; // 32 MB

    private readonly MemoryCache _sealed = new(new MemoryCacheOptions { SizeLimit = MostNumbers });

    /// <summary>
    /// The patterns that may have lines in a selection. Of unsealed segments those whose lines are selected, of sealed ones those whose lines are in its range.
    /// </summary>
    public async Task<HashSet<int>> OfAsync(LogSelection selection, StoredSegments segments, CancellationToken ct)
    {
        var all = selection.Of(segments).ToList();
        var whole = all.FindAll(segment => segment.IsSealed && selection.Contains(segment.Bounds));
        var found = (await OfSealedAsync(whole, ct)).SelectMany(segment => segment.Value).ToHashSet();
        var cut = all.Where(segment => segment.IsSealed).Except(whole).Select(segment => segment.Id).ToArray();
        foreach (var some in all.Where(segment => !segment.IsSealed).Chunk(StatementTables.Most).DefaultIfEmpty([]))
        {
            var sql = selection.InRange();
            var where = sql.Where;
            var (from, to) = (sql.Parameter(selection.Start ?? LogWindow.Ever.Start), sql.Parameter(selection.End ?? LogWindow.Ever.End));
            var parts = some.Select(segment => $"SELECT DISTINCT pattern_id FROM {segment.Table} WHERE {where}")
                .Append($"SELECT pattern_id FROM log_counts WHERE segment_id = ANY ({sql.Parameter(cut)}) AND last_time >= {from} AND first_time < {to}");
            await using var command = db.CreateCommand(string.Join("\nUNION\n", parts));
            sql.Bind(command.Parameters);
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                found.Add(reader.GetInt32(0));
            }
        }

        return [.. found.Select(patterns.Book.Resolve)];
    }

    /// <summary>The numbers that lines of each sealed segment have. They never change, so that they are read once.</summary>
    public async Task<Dictionary<int, int[]>> OfSealedAsync(IEnumerable<StoredSegment> segments, CancellationToken ct)
    {
        var wanted = segments.ToDictionary(segment => segment.Id, segment => _sealed.Get<int[]>(segment.Id));
        var unknown = wanted.Where(segment => segment.Value is null).Select(segment => segment.Key).ToArray();
        if (unknown.Length > 0)
        {
            await using var command =
                db.CreateCommand("SELECT segment_id, array_agg(DISTINCT pattern_id) FROM log_counts WHERE segment_id = ANY ($1) GROUP BY 1");
            command.With(unknown);
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                var numbers = reader.GetFieldValue<int[]>(1);
                wanted[reader.GetInt32(0)] = _sealed.Set(reader.GetInt32(0), numbers, new MemoryCacheEntryOptions { Size = numbers.Length });
            }
        }

        return wanted.ToDictionary(segment => segment.Key, segment => segment.Value ?? []); // none: it was dropped meanwhile
    }

    public void Dispose() => _sealed.Dispose();
}
