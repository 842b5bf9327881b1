using Bayou.Segments;

namespace Bayou.Traces;

/// <summary>The spans that one sender brought, already as COPY takes them.</summary>
internal sealed class SpanBatch(int project, SpanResources resources) : ISegmentBatch
{
    private readonly SpanRows _all = new();
    private readonly List<int> _starts = []; // of rows, in the order in which they were sent
    private readonly Made _resource = new(project, resources);
    private readonly Made _scope = new(project, resources);

    public int Project => project;

    public int Count => _starts.Count;

    public long Bytes => _all.Bytes.Length + _resource.Bytes + _scope.Bytes;

    public SegmentRows Of(string @class) => _all;

    /// <summary>By what the following spans were made.</summary>
    /// <param name="json">Valid JSON.</param>
    public void BeginResource(ReadOnlySpan<byte> json) => _resource.Begin(json);

    /// <summary>By what of that.</summary>
    /// <param name="json">Valid JSON.</param>
    public void BeginScope(ReadOnlySpan<byte> json) => _scope.Begin(json);

    public void Add(in SpanRecord span)
    {
        var (resource, scope) = (_resource.Number(), _scope.Number());
        var start = _all.Add(span, resource ?? 0, scope ?? 0);
        _starts.Add(start);
        _resource.Await(resource, start);
        _scope.Await(scope, start);
    }

    /// <summary>Gives every span the numbers of what made it.</summary>
    public async Task ResolveAsync(CancellationToken ct)
    {
        await _resource.ResolveAsync(_all.SetResource, ct);
        await _scope.ResolveAsync(_all.SetScope, ct);
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
