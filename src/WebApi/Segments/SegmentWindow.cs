using System.Globalization;
using Bayou.Http;

namespace Bayou.Segments;

/// <summary>A half-open range of time, in UTC.</summary>
internal sealed record SegmentWindow(DateTime Start, DateTime End)
{
    /// <summary>All of it.</summary>
    public static readonly SegmentWindow Ever = new(DateTime.UnixEpoch, new(9999, 1, 1, 0, 0, 0, DateTimeKind.Utc));

    private static readonly TimeSpan UnlessTold = TimeSpan.FromDays(1);
    private static readonly DateTime Earliest = new(1, 1, 2, 0, 0, 0, DateTimeKind.Utc);
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(10); // as far as a line's time may be
    private static readonly int[] Widths = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400];
    private const int MostBuckets = 1_000;

    public TimeSpan Length => End - Start;

    /// <summary>The range of the same length before.</summary>
    public SegmentWindow Before => new(Length < Start - Earliest ? Start - Length : Earliest, Start);

    /// <summary>The whole minutes in it; null when there is none.</summary>
    public SegmentWindow? WholeMinutes
    {
        get
        {
            var start = new DateTime((Start.Ticks + TimeSpan.TicksPerMinute - 1) / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, DateTimeKind.Utc);
            var end = new DateTime(End.Ticks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, DateTimeKind.Utc);
            return start < end ? new(start, end) : null;
        }
    }

    /// <summary>From the start of the first of both to the end of the last.</summary>
    public SegmentWindow Around(SegmentWindow other) => new(Start < other.Start ? Start : other.Start, End > other.End ? End : other.End);

    /// <summary>What was asked for; where it has no start, a day before its end.</summary>
    public static SegmentWindow Of(SegmentSelection selection, TimeProvider time)
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

    /// <summary>Start of the bucket that holds the start of this range; buckets are aligned to the epoch.</summary>
    public DateTime BucketStart(TimeSpan width) => Start.AddTicks(-((Start - DateTime.UnixEpoch).Ticks % width.Ticks));
}
