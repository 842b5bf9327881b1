using System.Text.Json;
using Bayou.Http;
using Bayou.Projects;
using Microsoft.Extensions.Options;

namespace Bayou.Metrics;

/// <summary>A window's newest revision, as the API gives it.</summary>
internal sealed record FeedRow(long Id, string Service, string Endpoint, DateTime WindowStart, byte[] Json)
{
    /// <summary>A later revision is in the feed.</summary>
    public bool IsSuperseded { get; set; }
}

/// <summary>What the feed has at a moment: of every window that changed after <paramref name="Floor"/> the newest revision, ascending by id.</summary>
/// <param name="Newest">The newest id that can be seen.</param>
/// <param name="Drawn">The newest id that was ever drawn.</param>
internal readonly record struct FeedPage(IReadOnlyList<FeedRow> Rows, bool HasMore, long Floor, long Newest, long Drawn);

/// <summary>
/// The newest windows in memory, for all pollers and streams of this node: whatever their number, they cost the database one query each
/// <see cref="Spacing"/> at most, and none while nobody asks. Ids become visible in order, so what follows the newest
/// one held is all that is new.
/// </summary>
internal sealed class WindowFeed(MetricWindows windows, IOptions<FeedOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(25);

    /// <summary>After so long without anyone asking, it begins anew with the newest rows instead of reading all that came since.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);
    private const int Chunk = 1_000;
    private const int Overhead = 300; // of a row's objects, in bytes

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Service, string Endpoint, DateTime Start), FeedRow> _latest = [];
    private List<FeedRow> _rows = []; // ascending by id, superseded ones among them
    private TaskCompletionSource? _waiting;
    private bool _isReading;
    private long? _lastRead;
    private long _bytes;
    private long _floor;
    private long _newest;
    private long _drawn;

    /// <summary>How many times the database was asked.</summary>
    public long Reads { get; private set; }

    /// <summary>Has everything in the feed that could be seen when this was called.</summary>
    public Task RefreshAsync(CancellationToken ct)
    {
        lock (_gate)
        {
            _waiting ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_isReading)
            {
                _isReading = true;
                _ = Task.Run(ReadAsync, CancellationToken.None);
            }

            return _waiting.Task.WaitAsync(ct);
        }
    }

    /// <summary>Rows after an id. Where that is before the <see cref="FeedPage.Floor"/>, the feed does not have them all and gives none.</summary>
    public FeedPage After(long id, Func<FeedRow, bool> wanted, int limit)
    {
        lock (_gate)
        {
            var rows = new List<FeedRow>();
            for (var at = id < _floor ? _rows.Count : FirstAfter(id); at < _rows.Count && rows.Count <= limit; at++)
            {
                if (!_rows[at].IsSuperseded && wanted(_rows[at]))
                {
                    rows.Add(_rows[at]);
                }
            }

            var hasMore = rows.Count > limit;
            return new(hasMore ? rows[..limit] : rows, hasMore, _floor, _newest, _drawn);
        }
    }

    private async Task ReadAsync()
    {
        while (true)
        {
            if (_lastRead is { } last && Spacing - time.GetElapsedTime(last) is var pause && pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, time);
            }

            TaskCompletionSource? waiting;
            lock (_gate)
            {
                (waiting, _waiting) = (_waiting, null);
                if (waiting is null)
                {
                    _isReading = false;
                    return;
                }
            }

            try
            {
                await ReadNewAsync();
                waiting.SetResult();
            }
            catch (Exception e)
            {
                waiting.SetException(e); // Each that waits answers for itself.
            }
        }
    }

    private async Task ReadNewAsync()
    {
        var beginAnew = _lastRead is not { } last || time.GetElapsedTime(last) > Idle;
        _lastRead = time.GetTimestamp();
        Reads++;

        // Before the rows, in a snapshot of its own: whatever is visible by now, the rows read next have.
        var (visible, drawn) = await windows.NewestIdAsync(CancellationToken.None);
        if (beginAnew || drawn < _newest)
        {
            var newest = await windows.RowsAsync(Everything(), "w.id DESC", Chunk, 0, CancellationToken.None);
            newest.Reverse();
            Restart(newest.Count < Chunk ? 0 : newest[0].Id - 1);
            Take(newest, visible, drawn);
        }

        List<MetricWindow> rows;
        do
        {
            var after = Everything();
            after.Add($"w.id > {_newest}");
            rows = _newest < visible ? await windows.RowsAsync(after, "w.id", Chunk, 0, CancellationToken.None) : [];
            Take(rows, rows.Count < Chunk ? visible : 0, drawn);
        }
        while (rows.Count == Chunk);
    }

    private static FilterSql Everything()
    {
        var filter = new FilterSql();
        filter.Add($"s.project_id = {Project.Default}");
        return filter;
    }

    private void Restart(long floor)
    {
        lock (_gate)
        {
            _rows.Clear();
            _latest.Clear();
            (_bytes, _floor, _newest) = (0, floor, floor);
        }
    }

    private void Take(List<MetricWindow> rows, long newest, long drawn)
    {
        var taken = rows.ConvertAll(row => new FeedRow(row.Id, row.Service, row.Endpoint, row.WindowStart, JsonSerializer.SerializeToUtf8Bytes(row, Json.Options)));
        lock (_gate)
        {
            foreach (var row in taken)
            {
                var key = (row.Service, row.Endpoint, row.WindowStart);
                if (_latest.TryGetValue(key, out var earlier))
                {
                    earlier.IsSuperseded = true;
                    _bytes -= earlier.Json.Length + Overhead;
                }

                _latest[key] = row;
                _rows.Add(row);
                _bytes += row.Json.Length + Overhead;
                _newest = row.Id;
            }

            (_newest, _drawn) = (Math.Max(_newest, newest), drawn);
            Trim();
        }
    }

    /// <summary>Lets the oldest go past the bound, and superseded ones once they are most.</summary>
    private void Trim()
    {
        var gone = 0;
        for (; _bytes > options.Value.MaxBytes; gone++)
        {
            var oldest = _rows[gone];
            _floor = oldest.Id;
            if (!oldest.IsSuperseded)
            {
                _bytes -= oldest.Json.Length + Overhead;
                _latest.Remove((oldest.Service, oldest.Endpoint, oldest.WindowStart));
            }
        }

        _rows.RemoveRange(0, gone);
        if (_rows.Count > 2 * (_latest.Count + Chunk))
        {
            _rows = _rows.FindAll(row => !row.IsSuperseded);
        }
    }

    private int FirstAfter(long id)
    {
        var (from, to) = (0, _rows.Count);
        while (from < to)
        {
            var middle = (from + to) / 2;
            (from, to) = _rows[middle].Id > id ? (from, middle) : (middle + 1, to);
        }

        return from;
    }
}
