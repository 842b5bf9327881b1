using Bayou.Segments;

namespace Bayou.Replay;

/// <summary>The captured requests that one sender brought, already as COPY takes them.</summary>
internal sealed class SnapshotBatch(int project, SnapshotTexts texts) : ISegmentBatch
{
    private readonly SnapshotRows _all = new();
    private readonly List<int> _starts = []; // of rows, in the order in which they were sent
    private readonly Dictionary<string, List<int>> _unknown = new(StringComparer.Ordinal); // by what they are about

    public int Project => project;

    public int Count => _starts.Count;

    public long Bytes => _all.Bytes.Length;

    public SegmentRows Of(string @class) => _all;

    public void Add(Snapshot one)
    {
        var text = SnapshotText.Of(one);
        var known = texts.Find(project, text);
        var start = _all.Add(one, known ?? 0);
        _starts.Add(start);
        if (known is null)
        {
            if (!_unknown.TryGetValue(text, out var starts))
            {
                _unknown[text] = starts = [];
            }

            starts.Add(start);
        }
    }

    /// <summary>Gives every row the number of what it is about, a new one where it must.</summary>
    public async Task ResolveAsync(CancellationToken ct)
    {
        if (_unknown.Count == 0)
        {
            return;
        }

        var made = await texts.MakeAsync(project, [.. _unknown.Keys], ct);
        foreach (var (text, starts) in _unknown)
        {
            foreach (var start in starts)
            {
                _all.SetText(start, made.GetValueOrDefault(text));
            }
        }

        _unknown.Clear();
    }

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
