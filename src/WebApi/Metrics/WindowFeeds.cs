using Bayou.Feeds;
using Bayou.Http;
using Microsoft.Extensions.Options;

namespace Bayou.Metrics;

/// <summary>Makes the feed of one query.</summary>
internal sealed class WindowFeeds(MetricWindows windows, WindowMemory memory, RowHints hints, IOptions<MetricsOptions> options, TimeProvider time)
{
    private const double MaxPauseSeconds = 5; // well below a stream's heartbeat

    public IFeed Of(QueryReader query) => new WindowFeed(query, RecentFilter.Of(query), this);

    /// <summary>The windows that fit one query, as they change: from memory, where that can tell and goes back so far, else from the database.</summary>
    private sealed class WindowFeed(QueryReader query, Func<RecentWindow, bool>? wanted, WindowFeeds of) : IFeed
    {
        public async Task<FeedEnd> EndAsync(CancellationToken ct)
        {
            await of.Memory.RefreshAsync(ct);
            return of.Memory.End;
        }

        public async Task<IReadOnlyList<FeedRow>> AfterAsync(long id, int count, CancellationToken ct)
        {
            if (wanted is not null && of.Memory.After(id, wanted, count) is { } recent)
            {
                return recent;
            }

            var filter = MetricWindows.Filter(query);
            query.Filters(filter);
            MetricWindows.Range(query, filter);
            filter.Add($"w.id > {id}");
            return (await of.Windows.RowsAsync(filter, "w.id", count, 0, ct)).ConvertAll(row => new FeedRow(row.Id, row));
        }

        public Task ChangedAsync(CancellationToken ct) => Task.WhenAny(of.Hints.Next, Task.Delay(of.Pause, of.Time, ct));
    }

    private WindowMemory Memory => memory;

    private MetricWindows Windows => windows;

    private RowHints Hints => hints;

    private TimeProvider Time => time;

    private TimeSpan Pause => TimeSpan.FromSeconds(Math.Min(options.Value.FlushSeconds / 2.0, MaxPauseSeconds));
}
