using System.Globalization;
using Bayou.Http;
using Bayou.Segments;
using Npgsql;

namespace Bayou.Logs;

/// <summary>
/// Lines counted over time: from the counts of sealed segments where these can tell, else from the lines. Both are exact; the ends of a range, where they are
/// within a minute, are read from the lines too.
/// </summary>
internal static class LogCounts
{
    private static readonly HashSet<string> Counted = ["level", "source", "service", "pattern_id"];

    /// <summary>Whether what is asked for can be told from counts.</summary>
    public static bool CanTell(QueryReader query, LogSelection selection) =>
        query.FiltersOnly(Counted) && selection.Search is { Words.Count: 0, Required.Count: 0, Excluded.Count: 0 }
            && selection.Search.Terms.All(term => term.Field != "trace");

    // A statement locks every table and index it names, and there is room for so many locks only; it also takes long to plan.
    private const int LargestGroup = 32;

    /// <summary>
    /// Tables for after FROM, whose sums make the whole: <c>bucket, first_time, last_time, lines</c> and the keys, in as many rows as it takes.
    /// </summary>
    /// <param name="sql">What is asked for, without the range.</param>
    /// <param name="begin">Where the first bucket begins.</param>
    /// <param name="width">Of a bucket; null for one bucket of all.</param>
    /// <param name="keys">Columns that are counted apart.</param>
    public static IEnumerable<string> Tables(
        FilterSql sql, bool canTell, StoredSegments segments, LogWindow window, DateTime begin, TimeSpan? width, params ReadOnlySpan<string> keys)
    {
        var origin = sql.Parameter(begin);
        var step = width is { } bucket ? sql.Parameter(bucket) : null;
        var where = sql.Where;
        var columns = string.Concat(keys.ToArray().Select(key => $", {key}"));
        var inner = window.WholeMinutes;
        canTell &= inner is not null && (width is null || width.Value.Ticks % TimeSpan.TicksPerMinute == 0);
        var parts = new List<string>();
        foreach (var segment in segments.Stored)
        {
            if (!canTell || !segment.IsSealed)
            {
                Scan(segment, window);
                continue;
            }

            Scan(segment, new(window.Start, inner!.Start));
            Scan(segment, new(inner.End, window.End));
        }

        if (canTell)
        {
            var told = sql.Parameter(segments.Stored.Where(segment => segment.IsSealed && segment.Bounds.Overlaps(inner!.Start, inner.End))
                .Select(segment => segment.Id).ToArray());
            parts.Add($"""
                SELECT {Bin("minute")} AS bucket, first_time, last_time, lines::bigint{columns} FROM log_counts
                 WHERE segment_id = ANY ({told}) AND minute >= {sql.Parameter(inner!.Start)} AND minute < {sql.Parameter(inner.End)} AND {where}
                """);
        }

        return parts.Chunk(LargestGroup).Select(group => $"({string.Join("\nUNION ALL\n", group)}) counts");

        string Bin(string time) => step is null ? origin : $"date_bin({step}, {time}, {origin})";

        void Scan(StoredSegment segment, LogWindow range)
        {
            if (range.Start < range.End && segment.Bounds.Overlaps(range.Start, range.End))
            {
                parts.Add($"""
                    SELECT {Bin("created_at")} AS bucket, min(created_at) AS first_time, max(created_at) AS last_time, count(*) AS lines{columns}
                      FROM {segment.Table}
                     WHERE created_at >= {sql.Parameter(range.Start)} AND created_at < {sql.Parameter(range.End)} AND {where}
                     GROUP BY 1{columns}
                    """);
            }
        }
    }

    /// <summary>Asks each of the tables the same, and hands over every row of the answers.</summary>
    public static async Task ReadAsync(
        NpgsqlDataSource db, FilterSql sql, IEnumerable<string> tables, Func<string, string> question, Action<NpgsqlDataReader> take, CancellationToken ct)
    {
        foreach (var table in tables)
        {
            await using var command = db.CreateCommand(question(table));
            sql.Bind(command.Parameters);
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                take(reader);
            }
        }
    }
}

/// <summary>A half-open range of time, in UTC.</summary>
internal sealed record LogWindow(DateTime Start, DateTime End)
{
    /// <summary>All of it.</summary>
    public static readonly LogWindow Ever = new(DateTime.UnixEpoch, new(9999, 1, 1, 0, 0, 0, DateTimeKind.Utc));

    private static readonly TimeSpan UnlessTold = TimeSpan.FromDays(1);
    private static readonly DateTime Earliest = new(1, 1, 2, 0, 0, 0, DateTimeKind.Utc);
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(10); // as far as a line's time may be
    private static readonly int[] Widths = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400];
    private const int MostBuckets = 1_000;

    public TimeSpan Length => End - Start;

    /// <summary>The range of the same length before.</summary>
    public LogWindow Before => new(Length < Start - Earliest ? Start - Length : Earliest, Start);

    /// <summary>The whole minutes in it; null when there is none.</summary>
    public LogWindow? WholeMinutes
    {
        get
        {
            var start = new DateTime((Start.Ticks + TimeSpan.TicksPerMinute - 1) / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, DateTimeKind.Utc);
            var end = new DateTime(End.Ticks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, DateTimeKind.Utc);
            return start < end ? new(start, end) : null;
        }
    }

    /// <summary>What was asked for; where it has no start, a day before its end.</summary>
    public static LogWindow Of(LogSelection selection, TimeProvider time)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var end = selection.End ?? (selection.Start > now ? selection.Start.Value + UnlessTold : now + Ahead);
        return new(selection.Start ?? end - UnlessTold, end);
    }

    /// <summary>The width of buckets: what was asked for, else a round one of which about sixty fit.</summary>
    public TimeSpan? Width(QueryReader query)
    {
        var seconds = query.Integer("window_size", 1, 30 * 86_400);
        var width =
            TimeSpan.FromSeconds(seconds ?? Widths.FirstOrDefault(w => w * 60L >= Length.TotalSeconds, Widths[^1] * (int)Math.Ceiling(Length.TotalDays / 60)));
        if (Length / width <= MostBuckets)
        {
            return width;
        }

        query.Fail("window_size", string.Create(CultureInfo.InvariantCulture, $"gives more than {MostBuckets} windows in that range"));
        return null;
    }

    /// <summary>Where the bucket begins in which it begins; buckets are aligned to the epoch.</summary>
    public DateTime BucketStart(TimeSpan width) => Start.AddTicks(-((Start - DateTime.UnixEpoch).Ticks % width.Ticks));
}
