namespace Bayou.Traces;

/// <summary>By what a batch's items were made, of one kind: resources or scopes. One is looked up only where there is an item of it.</summary>
internal sealed class Made(int project, SpanResources resources)
{
    private readonly Dictionary<UInt128, byte[]> _unknown = [];
    private readonly List<(int Item, UInt128 Hash)> _pending = [];
    private byte[] _json = [];
    private UInt128 _hash;
    private int? _number;

    /// <summary>Of memory.</summary>
    public long Bytes { get; private set; }

    /// <summary>By which the following items were made.</summary>
    public void Begin(ReadOnlySpan<byte> json)
    {
        (_json, _number) = (json.ToArray(), json.Length <= 2 ? 0 : null); // {} is none.
        _hash = _number is null ? SpanResources.HashOf(json) : 0;
    }

    /// <returns>Null where it must be looked up.</returns>
    public int? Number() => _number ??= resources.Find(project, _hash);

    /// <summary>Has an item told of a number that is not known yet.</summary>
    public void Await(int? number, int item)
    {
        if (number is not null)
        {
            return;
        }

        if (_unknown.TryAdd(_hash, _json))
        {
            Bytes += _json.Length;
        }

        _pending.Add((item, _hash));
    }

    /// <param name="set">Takes an item and its number.</param>
    public async Task ResolveAsync(Action<int, int> set, CancellationToken ct)
    {
        if (_unknown.Count == 0)
        {
            return;
        }

        var made = await resources.MakeAsync(project, _unknown, ct);
        foreach (var (item, hash) in _pending)
        {
            set(item, made.GetValueOrDefault(hash));
        }

        _unknown.Clear();
        _pending.Clear();
    }
}
