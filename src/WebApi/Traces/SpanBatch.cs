using Bayou.Segments;

namespace Bayou.Traces;

/// <summary>The spans that one sender brought, already as COPY takes them.</summary>
internal sealed class SpanBatch(int project, SpanResources resources) : ISegmentBatch
{
    private readonly SpanRows _all = new();
    private readonly List<int> _starts = []; // of rows, in the order in which they were sent
    private readonly Dictionary<UInt128, byte[]> _unknown = []; // resources
    private readonly List<(int Start, UInt128 Resource)> _pending = []; // rows of those
    private UInt128 _resource;
    private int? _number = 0;

    public int Project => project;

    public int Count => _starts.Count;

    public long Bytes => _all.Bytes.Length;

    public SegmentRows Of(string @class) => _all;

    /// <summary>Of what the following spans are.</summary>
    /// <param name="json">Valid JSON.</param>
    public void Begin(ReadOnlySpan<byte> json)
    {
        _resource = SpanResources.HashOf(json);
        _number = resources.Find(project, _resource);
        if (_number is null)
        {
            _unknown.TryAdd(_resource, json.ToArray());
        }
    }

    public void Add(in SpanRecord span)
    {
        var start = _all.Add(span, _number ?? 0);
        _starts.Add(start);
        if (_number is null)
        {
            _pending.Add((start, _resource));
        }
    }

    /// <summary>Gives every span the number of its resource.</summary>
    public async Task ResolveAsync(CancellationToken ct)
    {
        if (_pending.Count == 0)
        {
            return;
        }

        var made = await resources.MakeAsync(project, _unknown, ct);
        foreach (var (start, resource) in _pending)
        {
            _all.SetResource(start, made[resource]);
        }

        _pending.Clear();
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
