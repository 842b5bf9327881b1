using Bayou.Segments;

namespace Bayou.Replay;

/// <summary>The captured requests that one sender brought, already as COPY takes them.</summary>
internal sealed class SnapshotBatch(int project) : ISegmentBatch
{
    private readonly SnapshotRows _all = new();
    private readonly List<int> _starts = []; // of rows, in the order in which they were sent

    public int Project => project;

    public int Count => _starts.Count;

    public long Bytes => _all.Bytes.Length;

    public SegmentRows Of(string @class) => _all;

    public void Add(Snapshot one) => _starts.Add(_all.Add(one));

    public Task ResolveAsync(CancellationToken ct) => Task.CompletedTask;

    public long Number(long first)
    {
        foreach (var start in _starts)
        {
            _all.SetId(start, first++);
        }

        return first;
    }

    public void Dispose() => _all.Dispose();
}
