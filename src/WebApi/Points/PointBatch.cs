using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Bayou.Ingest;
using Bayou.Traces;

namespace Bayou.Points;

/// <summary>What a series measures, as the table numbers them.</summary>
internal enum PointKind : short
{
    Gauge = 1,
    Sum = 2,
    Histogram = 3,
}

/// <summary>A series as its sender has it.</summary>
/// <param name="Attributes">An object of JSON.</param>
internal sealed record SeriesIdentity(
    string Name, PointKind Kind, bool IsCumulative, bool IsMonotonic, string Unit, string Description, string Service, string Scope, byte[] Attributes)
{
    /// <summary>By which it is found: of all that makes it another series.</summary>
    /// <param name="resource">By what it was measured.</param>
    public UInt128 Hash(UInt128 resource)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{Name}\n{Kind}\n{IsCumulative}\n{IsMonotonic}\n{Unit}\n{Service}\n{Scope}\n{resource}\n"));
        hash.AppendData(Attributes);
        return BinaryPrimitives.ReadUInt128BigEndian(hash.GetHashAndReset());
    }
}

/// <summary>One point of a series.</summary>
/// <param name="Series">Its place among the batch's.</param>
/// <param name="At">Nanoseconds since the epoch.</param>
/// <param name="Started">Since when a cumulative one counts.</param>
/// <param name="Value">Of a histogram the sum of what was measured.</param>
internal readonly record struct Point(int Series, long At, long Started, double Value, long Count, PointBucket[]? Buckets)
{
    private const long NanosOfMinute = 60_000_000_000;

    /// <summary>In UTC.</summary>
    public DateTime Minute => DateTime.UnixEpoch.AddMinutes(At / NanosOfMinute);
}

/// <summary>The points that one sender brought.</summary>
internal sealed class PointBatch(int project, PointSeries registry, SpanResources resources) : IIngestBatch
{
    private const int BytesOfSeries = 400;
    private const int BytesOfPoint = 80;
    private const int BytesOfBucket = 24;

    private readonly List<Point> _points = [];
    private readonly List<(SeriesIdentity Series, int Resource)> _series = [];
    private readonly Dictionary<UInt128, int> _placeByHash = [];
    private readonly Made _resource = new(project, resources);
    private UInt128 _resourceHash;
    private int[]? _ids;
    private long _bytes;

    public int Project => project;

    public int Count => _points.Count;

    public long Bytes => _bytes + _resource.Bytes;

    /// <summary>Of which series there is no room, once they are resolved.</summary>
    public int Refused { get; private set; }

    public IEnumerable<(int Series, Point Point)> Points => _points.Select(point => (_ids![point.Series], point)).Where(one => one.Item1 > 0);

    /// <summary>Whether a point counts beside others of its minute; else the newest stands for all.</summary>
    public bool IsAdded(Point point) => _series[point.Series].Series is { Kind: not PointKind.Gauge, IsCumulative: false };

    /// <summary>By what the following points were measured.</summary>
    /// <param name="json">Valid JSON.</param>
    public void BeginResource(ReadOnlySpan<byte> json)
    {
        _resource.Begin(json);
        _resourceHash = SpanResources.HashOf(json);
    }

    /// <returns>The place of a series.</returns>
    public int PlaceOf(SeriesIdentity series)
    {
        var hash = series.Hash(_resourceHash);
        if (!_placeByHash.TryGetValue(hash, out var place))
        {
            var resource = _resource.Number();
            _placeByHash[hash] = place = _series.Count;
            _series.Add((series, resource ?? 0));
            _resource.Await(resource, place);
            _bytes += series.Attributes.Length + BytesOfSeries;
        }

        return place;
    }

    public void Add(Point point)
    {
        _points.Add(point);
        _bytes += BytesOfPoint + ((point.Buckets?.Length ?? 0) * (long)BytesOfBucket);
    }

    /// <summary>Gives every series its number; 0 to one that there is no room for.</summary>
    public async Task ResolveAsync(CancellationToken ct)
    {
        if (_ids is not null || _points.Count == 0)
        {
            return;
        }

        await _resource.ResolveAsync((place, number) => _series[place] = (_series[place].Series, number), ct);
        var ids = new int[_series.Count];
        var missing = new List<(UInt128 Hash, SeriesIdentity Series, int Resource)>();
        foreach (var (hash, place) in _placeByHash)
        {
            ids[place] = registry.Find(project, hash) ?? 0;
            if (ids[place] == 0)
            {
                missing.Add((hash, _series[place].Series, _series[place].Resource));
            }
        }

        if (missing.Count > 0)
        {
            foreach (var (hash, id) in await registry.MakeAsync(project, missing, ct))
            {
                ids[_placeByHash[hash]] = id;
            }
        }

        _ids = ids;
        Refused = _points.Count(point => _ids[point.Series] == 0);
    }

    public void Dispose()
    {
    }
}
