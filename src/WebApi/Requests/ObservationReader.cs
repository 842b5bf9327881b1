using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Bayou.Geo;
using Bayou.Http;
using Bayou.Ingest;
using Bayou.Metrics;

namespace Bayou.Requests;

/// <summary>Reads one item of <c>POST /ingest/v1/requests</c>; most of them are <see cref="PlainItem"/>s.</summary>
/// <param name="oldest">Earlier observations are no longer kept.</param>
/// <param name="newest">Later ones come from a clock that is wrong.</param>
/// <param name="geo">Says the country of an address, which itself is not kept.</param>
internal sealed class ObservationReader(DateTimeOffset oldest, DateTimeOffset newest, GeoDatabase geo) : ItemReader<ObservationBatch>(
    [
        new("service", FieldRule.Required), new("method", FieldRule.Required), new("route", FieldRule.Right), new("path", FieldRule.Right),
        new("status", FieldRule.Required), new("duration_ms", FieldRule.Required), new("time", FieldRule.Required),
        new("request_size"), new("response_size"), new("trace_id"), new("country"), new("version"),
        new("client_address"),
    ])
{
    public const double MaxDurationMs = 86_400_000;
    public const long MaxBytes = 1L << 40;
    private const int MaxMethod = 20;
    private const int MaxCountry = 3;
    private const int MaxRoute = 2_000;
    public const int ClientClosed = 499; // What proxies say where the client went away; others say 0.

    private const int Service = 0, Method = 1, Route = 2, Path = 3, Status = 4, Duration = 5, Time = 6, RequestSize = 7, ResponseSize = 8, TraceId = 9,
        Country = 10, Version = 11, ClientAddress = 12;

    private readonly string?[] _texts = new string?[Version + 1];
    private long _status;
    private double _durationMs;
    private DateTime _time;
    private long _requestSize;
    private long _responseSize;
    private IPAddress? _address;

    /// <summary>What was read last.</summary>
    public Observation Value
    {
        get
        {
            var route = _texts[Route] is { } template ? RouteTemplates.Normalize(template) : RouteTemplates.FromPath(_texts[Path]!);
            return new(
                _texts[Service]!, $"{_texts[Method]!.ToUpperInvariant()} {route}", (int)_status, (long)Math.Round(_durationMs * 1000), _time,
                _requestSize, _responseSize, CountryIn(), _texts[Version], _texts[Route] is null);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // Called seldom, and at length: not to be slow until it has been called often.
    public override FieldError? Add(ReadOnlySpan<byte> item, ObservationBatch batch)
    {
        if (PlainItem.TryRead(item, oldest.UtcDateTime, newest.UtcDateTime, out var plain))
        {
            plain.Locate(geo);
            if (batch.TryAdd(plain))
            {
                Warnings.Clear();
                return null;
            }
        }

        if (Read(item) is { } error)
        {
            return error;
        }

        batch.Add(Value, plain); // The next one of it is known by its bytes.
        return null;
    }

    protected override void Begin()
    {
        Array.Clear(_texts);
        (_requestSize, _responseSize, _address) = (0, 0, null);
    }

    protected override string? ReadField(int field, ref Utf8JsonReader json, ReadOnlySpan<byte> item) => field switch
    {
        Service => ReadText(field, ref json, ItemLimits.MaxService),
        Method => ReadText(field, ref json, MaxMethod)
            ?? (_texts[Method]!.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? null : "must be an HTTP method"),
        Route or Path => ReadText(field, ref json, MaxRoute),
        Status => ReadStatus(ref json),
        Duration => ReadDuration(ref json),
        Time => ItemTime.Read(ref json, oldest, newest, ref _time),
        RequestSize => ReadSize(ref json, ref _requestSize),
        ResponseSize => ReadSize(ref json, ref _responseSize),
        TraceId => ReadText(field, ref json, ItemLimits.MaxTraceId),
        Country => ReadCountry(ref json),
        ClientAddress => ItemText.ReadAddress(ref json, out _address),
        _ => ReadText(field, ref json, ItemLimits.MaxVersion),
    };

    protected override FieldError? Check(ReadOnlySpan<byte> item) =>
        _texts[Route] is null && _texts[Path] is null ? new("route", "is required (or path, for a raw path)") : null;

    private string? ReadText(int field, ref Utf8JsonReader json, int longest)
    {
        var problem = ItemText.Read(ref json, longest, out var text);
        _texts[field] = problem is null ? text : null;
        return problem;
    }

    /// <summary>As the sender says it, else by the address.</summary>
    private ushort CountryIn() => _texts[Country] is [var first, var second] ? CountryCode.Of(char.ToUpperInvariant(first), char.ToUpperInvariant(second))
        : _address is not null ? geo.CountryOf(_address) : (ushort)0;

    private string? ReadCountry(ref Utf8JsonReader json)
    {
        if (ReadText(Country, ref json, MaxCountry) is { } problem)
        {
            return problem;
        }

        var code = _texts[Country]!;
        _texts[Country] = IsCountry(code) ? code : CountryCodes.OfThreeLetters(code);
        return _texts[Country] is null ? "must be a country code of ISO 3166, of two or three letters" : null;
    }

    /// <summary>0 is how some proxies say that the client went away.</summary>
    private string? ReadStatus(ref Utf8JsonReader json)
    {
        var isStatus = json.TokenType == JsonTokenType.Number && json.TryGetInt64(out _status) && _status is 0 or (>= 100 and <= 599);
        _status = _status == 0 ? ClientClosed : _status;
        return isStatus ? null : "must be a whole number from 100 to 599, or 0 where the client went away";
    }

    private static string? ReadSize(ref Utf8JsonReader json, ref long size)
    {
        if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out var whole) || whole is < 0 or > MaxBytes)
        {
            return $"must be a whole number from 0 to {MaxBytes}";
        }

        size = whole;
        return null;
    }

    private string? ReadDuration(ref Utf8JsonReader json) =>
        json.TokenType == JsonTokenType.Number && json.TryGetDouble(out _durationMs) && _durationMs is >= 0 and <= MaxDurationMs
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"must be a number of milliseconds from 0 to {MaxDurationMs}");

    // Networks report XX and T1 for unknown places, so the second character may be a digit.
    private static bool IsCountry(string code) => code.Length == 2 && char.IsAsciiLetter(code[0]) && char.IsAsciiLetterOrDigit(code[1]);
}
