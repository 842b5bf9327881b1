using System.Buffers;
using Bayou.Http;
using Bayou.Ingest;
using Bayou.Metrics;

namespace Bayou.Requests;

/// <summary>The observations that one sender brought.</summary>
internal sealed class ObservationBatch(SeriesRegistry registry, int project) : IIngestBatch
{
    private const int FewVersions = 16; // more than a service runs side by side

    private readonly List<SeriesName> _unknown = [];
    private readonly HashSet<SeriesName> _fromPath = []; // those that were made of raw paths
    private readonly List<byte[]> _unknownKeys = []; // as the sender writes the unknown, where it writes it plainly
    private readonly Dictionary<SeriesName, int> _unknownAt = [];
    private readonly Dictionary<(string Service, string Version), SeenVersion> _versions = [];
    private readonly List<SeenVersion> _plainVersions = []; // the first few, by the sender's bytes
    private JournalItem[] _items = ArrayPool<JournalItem>.Shared.Rent(64);

    public int Project => project;

    /// <summary>By which its observations came.</summary>
    public SeriesOrigin Origin { get; set; }

    public int Count { get; private set; }

    public long Bytes => _items.Length * (long)System.Runtime.CompilerServices.Unsafe.SizeOf<JournalItem>();

    public ReadOnlySpan<JournalItem> Items => _items.AsSpan(0, Count);

    /// <summary>The service of the first observation; empty before there is one.</summary>
    public string Service { get; private set; } = "";

    /// <summary>The versions that were reported.</summary>
    public IReadOnlyCollection<SeenVersion> Versions => _versions.Values;

    /// <summary>Takes an observation whose series and version are known by the bytes the sender writes.</summary>
    /// <returns>False, with nothing done, when they are not.</returns>
    public bool TryAdd(in PlainItem item)
    {
        Span<byte> key = stackalloc byte[SeriesKey.Longest];
        if (SeriesKey.Write(key, project, Origin, item) is not (> 0 and var length) || registry.Find(key[..length]) is not { } series || !TrySee(item))
        {
            return false;
        }

        if (Count == 0)
        {
            Service = series.Service;
        }

        ref var observed = ref Next();
        (observed.Series, observed.Total) = (series.Id, series.Total);
        (observed.Minute, observed.Status, observed.Country) = (MinuteOf(item.Time), (ushort)item.Status, item.Country);
        (observed.DurationMicros, observed.RequestBytes, observed.ResponseBytes) = (item.DurationMicros, item.RequestBytes, item.ResponseBytes);
        observed.Others = 0;
        return true;
    }

    /// <param name="plain">The same observation as the sender wrote it, if plain; its bytes identify the next one of that series and version.</param>
    public void Add(in Observation o, in PlainItem plain)
    {
        if (Count == 0)
        {
            Service = o.Service;
        }

        var name = new SeriesName(o.Service, o.Endpoint, Origin);
        if (!_unknownAt.TryGetValue(name, out var at))
        {
            Span<byte> key = stackalloc byte[SeriesKey.Longest];
            _unknownAt[name] = at = _unknown.Count;
            _unknown.Add(name);
            _ = o.IsFromPath && _fromPath.Add(name);
            _unknownKeys.Add(key[..SeriesKey.Write(key, project, Origin, plain)].ToArray());
        }

        ref var observed = ref Next();
        (observed.Series, observed.Total) = (~at, 0);
        (observed.Minute, observed.Status, observed.Country) = (MinuteOf(o.Time.UtcDateTime), (ushort)o.Status, o.Country);
        (observed.DurationMicros, observed.RequestBytes, observed.ResponseBytes) = (o.DurationMicros, o.RequestBytes, o.ResponseBytes);
        observed.Others = o.Times - 1;
        if (o.Version is not null)
        {
            See(o, plain);
        }
    }

    /// <summary>Gives every observation the id of its series, a new one where it must.</summary>
    public async Task ResolveAsync(CancellationToken ct)
    {
        if (_unknown.Count == 0)
        {
            return;
        }

        var ids = await registry.ResolveAsync(project, [.. _unknown, .. _unknown.Select(name => name.OfTotal()).Distinct()], _fromPath, ct);
        foreach (ref var item in _items.AsSpan(0, Count))
        {
            if (item.Series < 0)
            {
                var name = _unknown[~item.Series];
                (item.Series, item.Total) = (ids[name], ids[name.OfTotal()]);
            }
        }

        for (var i = 0; i < _unknown.Count; i++)
        {
            registry.Remember(_unknownKeys[i], project, _unknown[i]);
        }

        _unknown.Clear();
        _fromPath.Clear();
        _unknownKeys.Clear();
        _unknownAt.Clear();
    }

    public void Dispose()
    {
        Count = 0;
        if (_items.Length > 0)
        {
            ArrayPool<JournalItem>.Shared.Return(_items);
            _items = [];
        }
    }

    private static int MinuteOf(DateTime utc) => (int)((utc - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMinute);

    private ref JournalItem Next()
    {
        if (Count == _items.Length)
        {
            RentedArray.Enlarge(ref _items, Count, Count * 2);
        }

        return ref _items[Count++];
    }

    private bool TrySee(in PlainItem item)
    {
        if (item.Version.IsEmpty)
        {
            return true;
        }

        foreach (var version in _plainVersions)
        {
            if (item.Version.SequenceEqual(version.PlainVersion) && item.Service.SequenceEqual(version.PlainService))
            {
                version.See(item.Time);
                return true;
            }
        }

        return false;
    }

    private void See(in Observation o, in PlainItem plain)
    {
        if (_versions.TryGetValue((o.Service, o.Version!), out var known))
        {
            known.See(o.Time.UtcDateTime);
            return;
        }

        var version = _versions[(o.Service, o.Version!)] = new(o.Service, o.Version!, o.Time.UtcDateTime);
        if (_plainVersions.Count < FewVersions && !plain.Version.IsEmpty)
        {
            (version.PlainService, version.PlainVersion) = (plain.Service.ToArray(), plain.Version.ToArray());
            _plainVersions.Add(version);
        }
    }
}

/// <summary>A version that observations reported, with the earliest and the latest time of these.</summary>
internal sealed class SeenVersion(string service, string version, DateTime time)
{
    public string Service => service;

    public string Version => version;

    public DateTime First { get; private set; } = time;

    public DateTime Latest { get; private set; } = time;

    /// <summary>As the sender writes it.</summary>
    public byte[] PlainService { get; set; } = [];

    public byte[] PlainVersion { get; set; } = [];

    public void See(DateTime utc)
    {
        First = utc < First ? utc : First;
        Latest = utc > Latest ? utc : Latest;
    }
}
