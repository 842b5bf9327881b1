using System.Net;
using System.Text;
using Bayou.Geo;
using Bayou.Ingest;
using Bayou.Metrics;
using Bayou.Requests;

namespace Bayou.Otlp;

/// <summary>Makes request observations of servers' spans, all of them, whatever becomes of the spans.</summary>
/// <param name="oldest">Of what began earlier no windows are kept.</param>
internal sealed class SpanRequests(ObservationBatch batch, SpanEndpoints endpoints, GeoDatabase geo, DateTimeOffset oldest)
{
    private byte[] _service = [];
    private byte[] _version = [];

    /// <summary>Of what the following spans are.</summary>
    /// <param name="version">Of the service; empty for none.</param>
    public void Begin(ReadOnlySpan<byte> service, ReadOnlySpan<byte> version) => (_service, _version) =
        (service.ToArray(), AttributeWriter.Beginning(version, ItemLimits.MaxVersion).ToArray());

    /// <param name="start">Nanoseconds since the epoch.</param>
    /// <param name="duration">ms.</param>
    /// <returns>Its endpoint; empty where it is no request.</returns>
    public byte[] Add(scoped in HttpAttributes http, ulong start, double duration)
    {
        var endpoint = endpoints.Of(batch.Project, _service, http);
        var time = DateTimeOffset.UnixEpoch.AddTicks((long)(start / 100));
        if (endpoint is null || duration > ObservationReader.MaxDurationMs || time < oldest)
        {
            return endpoint?.Utf8 ?? [];
        }

        var country = IPAddress.TryParse(http.ClientAddress, out var address) ? geo.CountryOf(address) : (ushort)0;
        var (sent, received) = (Size(http.RequestBytes), Size(http.ResponseBytes));
        var plain = PlainItem.Of(
            _service, http.Method, http.Route, _version, (int)http.Status, (long)Math.Round(duration * 1000), time.UtcDateTime, sent, received, country);
        if (!batch.TryAdd(plain))
        {
            var version = _version.Length > 0 ? Encoding.UTF8.GetString(_version) : null;
            batch.Add(new Observation(
                Encoding.UTF8.GetString(_service), endpoint.Name, plain.Status, plain.DurationMicros, time, sent, received, country, version,
                IsFromPath: http.Route.IsEmpty), plain);
        }

        return endpoint.Utf8;
    }

    private static long Size(long bytes) => bytes is >= 0 and <= ObservationReader.MaxBytes ? bytes : 0;
}

/// <summary>An endpoint as metrics have it.</summary>
internal sealed record SpanEndpoint(string Name, byte[] Utf8);

/// <summary>The endpoints of servers' spans, remembered by the bytes that say them.</summary>
internal sealed class SpanEndpoints(SeriesRegistry series)
{
    private const int Longest = 512; // bytes that are remembered
    private const int LongestRoute = 2_000;
    private const int MaxMethod = 20; // as of requests that are sent otherwise
    private const int MostKnown = 20_000;

    private readonly System.Collections.Concurrent.ConcurrentDictionary<byte[], SpanEndpoint> _known = new(new Utf8Comparer());

    /// <returns>Null where it is called by no name that an endpoint may have.</returns>
    public SpanEndpoint? Of(int project, ReadOnlySpan<byte> service, scoped in HttpAttributes http)
    {
        if (http.Route.IsEmpty)
        {
            var raw = Make(http.Method, http.Path, isPath: true); // Paths are as many as there are values in them.
            return raw is null ? null : Endpoint(series.NameOf(project, Encoding.UTF8.GetString(service), raw));
        }

        Span<byte> key = stackalloc byte[Longest];
        var length = http.Method.Length + 1 + http.Route.Length;
        if (length > Longest)
        {
            return Make(http.Method, http.Route, isPath: false) is { } once ? Endpoint(once) : null;
        }

        http.Method.CopyTo(key);
        key[http.Method.Length] = (byte)' ';
        http.Route.CopyTo(key[(http.Method.Length + 1)..]);
        if (_known.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key[..length], out var known))
        {
            return known;
        }

        if (Make(http.Method, http.Route, isPath: false) is not { } name)
        {
            return null;
        }

        var endpoint = Endpoint(name);
        if (_known.Count < MostKnown)
        {
            _known[key[..length].ToArray()] = endpoint;
        }

        return endpoint;
    }

    private static SpanEndpoint Endpoint(string name) => new(name, Encoding.UTF8.GetBytes(name));

    /// <summary>The endpoint of a method and a route template; null where it is called by no name that one may have.</summary>
    public static string? NameOf(string method, string route) => Make(Encoding.UTF8.GetBytes(method), Encoding.UTF8.GetBytes(route), isPath: false);

    private static string? Make(ReadOnlySpan<byte> method, ReadOnlySpan<byte> route, bool isPath)
    {
        if (method.Length is 0 or > MaxMethod)
        {
            return null;
        }

        var verb = Encoding.UTF8.GetString(method).ToUpperInvariant();
        var path = Encoding.UTF8.GetString(AttributeWriter.Clean(AttributeWriter.Beginning(route, LongestRoute)));
        return !verb.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') || path.AsSpan().ContainsAnyInRange('\0', '\x1f') ? null
            : $"{verb} {(isPath ? RouteTemplates.FromPath(path) : RouteTemplates.Normalize(path))}";
    }
}
