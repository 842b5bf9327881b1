using System.Text.Json;
using Bayou.Access;
using Bayou.Feeds;
using Bayou.Http;
using Bayou.Projects;
using Microsoft.Extensions.Options;

namespace Bayou.Metrics;

/// <summary>A window's newest revision, as the API gives it.</summary>
internal sealed record RecentWindow(long Id, int Project, string Service, string Endpoint, DateTime WindowStart, byte[] Json)
{
    /// <summary>A later revision is held.</summary>
    public bool IsSuperseded { get; set; }
}

/// <summary>
/// The newest windows of all projects in memory, for all pollers and streams of this node: whatever their number, they cost the database one query each
/// <see cref="Spacing"/> at most, and none while nobody asks. Ids become visible in order, so what follows the newest
/// one held is all that is new.
/// </summary>
internal sealed class WindowMemory(MetricWindows windows, AccessBook book, IOptions<FeedOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(25);

    /// <summary>After so long without anyone asking, it begins anew with the newest rows instead of reading all that came since.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);
    private const int Chunk = 1_000;
    private const int Overhead = 300; // of a row's objects, in bytes

    private readonly Lock _gate = new();
    private readonly Dictionary<(int Project, string Service, string Endpoint, DateTime Start), RecentWindow> _latest = [];
    private List<RecentWindow> _rows = []; // ascending by id, superseded ones among them
    private TaskCompletionSource? _waiting;
    private bool _isReading;
    private long? _lastRead;
    private ProjectBook _projects = ProjectBook.Empty; // by whose names the rows are written
    private long _bytes;
    private long _floor;
    private long _newest;
    private long _drawn;

    /// <summary>How many times the database was asked.</summary>
    public long Reads { get; private set; }

    /// <summary>Holds everything that could be seen when this was called.</summary>
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

    /// <summary>How far the feed was when it was read last.</summary>
    public FeedEnd End
    {
        get
        {
            lock (_gate)
            {
                return new(_newest, _drawn);
            }
        }
    }

    /// <summary>The first windows after an id, ascending; null where not all of them are held any more.</summary>
    public List<FeedRow>? After(long id, Func<RecentWindow, bool> wanted, int count)
    {
        lock (_gate)
        {
            if (id < _floor)
            {
                return null;
            }

            var rows = new List<FeedRow>();
            for (var at = FirstAfter(id); at < _rows.Count && rows.Count < count; at++)
            {
                if (!_rows[at].IsSuperseded && wanted(_rows[at]))
                {
                    rows.Add(new(_rows[at].Id, new WrittenJson(_rows[at].Json)));
                }
            }

            return rows;
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
        var projects = book.Projects;
        var beginAnew = _lastRead is not { } last || time.GetElapsedTime(last) > Idle || !ReferenceEquals(projects, _projects);
        _projects = projects;
        _lastRead = time.GetTimestamp();
        Reads++;

        // Before the rows, in a snapshot of its own: whatever is visible by now, the rows read next have.
        var (visible, drawn) = await windows.NewestIdAsync(CancellationToken.None);
        if (beginAnew || drawn < _newest)
        {
            var newest = await windows.RowsAsync(new FilterSql(), "w.id DESC", Chunk, 0, CancellationToken.None);
            newest.Reverse();
            Restart(newest.Count < Chunk ? 0 : newest[0].Id - 1);
            Remember(newest, visible, drawn);
        }

        List<MetricWindow> rows;
        do
        {
            var after = new FilterSql();
            after.Add($"w.id > {_newest}");
            rows = _newest < visible ? await windows.RowsAsync(after, "w.id", Chunk, 0, CancellationToken.None) : [];
            Remember(rows, rows.Count < Chunk ? visible : 0, drawn);
        }
        while (rows.Count == Chunk);
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

    private void Remember(List<MetricWindow> rows, long newest, long drawn)
    {
        var taken = rows.ConvertAll(row =>
            new RecentWindow(row.Id, row.ProjectId, row.Service, row.Endpoint, row.WindowStart, JsonSerializer.SerializeToUtf8Bytes(row, Json.Options)));
        lock (_gate)
        {
            foreach (var row in taken)
            {
                var key = (row.Project, row.Service, row.Endpoint, row.WindowStart);
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
                _latest.Remove((oldest.Project, oldest.Service, oldest.Endpoint, oldest.WindowStart));
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
