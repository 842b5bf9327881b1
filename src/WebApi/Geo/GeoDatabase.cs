using System.Net;
using Bayou.Metrics;
using MaxMind.Db;

namespace Bayou.Geo;

/// <summary>
/// Finds where an address is, by a database in MaxMind's format: one of countries, or one of cities, which has regions and coordinates too. A newer file in
/// its place is taken within a minute.
/// </summary>
internal sealed partial class GeoDatabase : IDisposable
{
    /// <summary>The setting that names the file.</summary>
    public const string Key = "BAYOU_GEO_DATABASE";

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMinutes(1);

    private const uint Remembered = 16_384; // addresses, each in the place that its hash says

    private readonly TimeProvider _time;
    private readonly ILogger<GeoDatabase> _logger;
    private readonly string? _path;
    private readonly Lock _gate = new();
    private volatile Reader? _reader;
    private volatile Country?[] _remembered = new Country?[Remembered];
    private DateTime _written;
    private long _lookedAt;

    /// <exception cref="Hosting.CannotStartException">The file that is named cannot be used.</exception>
    public GeoDatabase(IConfiguration configuration, TimeProvider time, ILogger<GeoDatabase> logger)
    {
        (_time, _logger, _path) = (time, logger, configuration[Key] is { Length: > 0 } path ? path : null);
        if (_path is null)
        {
            return;
        }

        try
        {
            Open();
        }
        catch (Exception e) when (IsUnusable(e))
        {
            throw new Hosting.CannotStartException($"{Key} is {_path}, which cannot be used: {e.Message}");
        }
    }

    /// <summary>What it calls itself; null where there is none.</summary>
    public string? Name => _reader?.Metadata.DatabaseType;

    /// <summary>The country alone: most requests come from few addresses, so it is looked up once for many.</summary>
    /// <returns>See <see cref="CountryCode"/>; 0 where it is not known.</returns>
    public ushort CountryOf(IPAddress address)
    {
        if (_path is null)
        {
            return 0;
        }

        Refresh();
        var remembered = _remembered; // before the reader: what an older one says is never remembered for a newer one
        ref var slot = ref remembered[(uint)address.GetHashCode() % Remembered];
        if (slot is { } last && last.Address.Equals(address))
        {
            return last.Code;
        }

        var country = Find(address)?.Country is [var first, var second] ? CountryCode.Of(first, second) : (ushort)0;
        slot = new(address, country);
        return country;
    }

    /// <returns>Null where it is not known.</returns>
    public GeoPlace? Find(IPAddress address)
    {
        Refresh();
        var found = _reader?.Find<Dictionary<string, object>>(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
        return found is null ? null : PlaceOf(found);
    }

    public void Dispose() => _reader?.Dispose();

    /// <summary>Both of country alone, as free databases have it, and of MaxMind's own layout.</summary>
    internal static GeoPlace? PlaceOf(IReadOnlyDictionary<string, object> found)
    {
        var country = Text(found, "country_code") ?? Text(Map(found, "country"), "iso_code") ?? Text(Map(found, "registered_country"), "iso_code") ?? "";
        if (!GeoPlace.IsCountry(country))
        {
            return null;
        }

        var region = (found.GetValueOrDefault("subdivisions") as IEnumerable<object>)?.FirstOrDefault() as IReadOnlyDictionary<string, object>;
        var location = Map(found, "location");
        return new(
            country.ToUpperInvariant(), Text(Map(region, "names"), "en") ?? Text(region, "iso_code") ?? Text(found, "state1") ?? "",
            Text(Map(Map(found, "city"), "names"), "en") ?? Text(found, "city") ?? "", Number(location, "latitude") ?? Number(found, "latitude"),
            Number(location, "longitude") ?? Number(found, "longitude"), GeoPlace.Ip);
    }

    private static IReadOnlyDictionary<string, object>? Map(IReadOnlyDictionary<string, object>? from, string name) =>
        from?.GetValueOrDefault(name) as IReadOnlyDictionary<string, object>;

    private static string? Text(IReadOnlyDictionary<string, object>? from, string name) => from?.GetValueOrDefault(name) as string;

    private static double? Number(IReadOnlyDictionary<string, object>? from, string name) => from?.GetValueOrDefault(name) switch
    {
        double number => number,
        float number => number,
        _ => null,
    };

    private void Refresh()
    {
        if (_path is null || _time.GetElapsedTime(Volatile.Read(ref _lookedAt)) < BetweenLooks || !_gate.TryEnter())
        {
            return;
        }

        try
        {
            _lookedAt = _time.GetTimestamp();
            if (File.GetLastWriteTimeUtc(_path) != _written)
            {
                Open();
                Renewed(_path);
            }
        }
        catch (Exception e) when (IsUnusable(e))
        {
            NotRenewed(_path, e); // The one before goes on.
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <remarks>In memory: the file may be replaced. The one before is left to the collector, as others may be reading it.</remarks>
    private void Open()
    {
        _lookedAt = _time.GetTimestamp();
        var written = File.GetLastWriteTimeUtc(_path!);
        _reader = new Reader(_path!, FileAccessMode.Memory);
        _remembered = new Country?[Remembered];
        _written = written;
    }

    private static bool IsUnusable(Exception e) => e is IOException or UnauthorizedAccessException or InvalidDatabaseException or ArgumentException;

    private sealed record Country(IPAddress Address, ushort Code);

    [LoggerMessage(Level = LogLevel.Information, Message = "A newer geo database is used: {path}")]
    private partial void Renewed(string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The geo database {path} cannot be read; the one before goes on")]
    private partial void NotRenewed(string path, Exception exception);
}
