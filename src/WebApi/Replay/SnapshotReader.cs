using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Bayou.Geo;
using Bayou.Http;
using Bayou.Ingest;
using Bayou.Monitor.Capture;
using Bayou.Requests;
using Bayou.Search;

namespace Bayou.Replay;

/// <summary>
/// Reads one item of <c>POST /ingest/v1/snapshots</c>. Secrets are taken out here too, whoever sent it; what is in texts is kept as far as PostgreSQL can.
/// </summary>
/// <param name="now">The time of a request that says none.</param>
/// <param name="geo">Says where an address is.</param>
/// <param name="addresses">Says what is kept of it.</param>
internal sealed class SnapshotReader(DateTimeOffset now, ReplayOptions options, GeoDatabase geo, ClientAddresses addresses) : ItemReader<SnapshotBatch>(
    [
        new("service", FieldRule.Required), new("method", FieldRule.Required), new("path", FieldRule.Required), new("status_code", FieldRule.Required),
        new("duration", FieldRule.Required), new("time", FieldRule.Right), new("route"), new("query"), new("headers"), new("body"), new("response_headers"),
        new("response_body"), new("trace_id"), new("user_id"), new("version"), new("stage"), new("body_truncated"), new("response_body_truncated"),
        new("error"), new("geo_country"), new("geo_region"), new("geo_city"), new("geo_lat"), new("geo_lon"), new("geo_source"),
        new("client_address"),
    ])
{
    // Bytes of UTF-8.
    private const int MaxMethod = 20;
    private const int MaxTarget = 16 * 1024;
    private const int MaxRoute = 2_000;
    private const int MaxUser = 400;
    private const int MaxStage = 100;
    private const int MaxError = 32 * 1024;
    private const int MaxPlace = 200;

    private const int Service = 0, Method = 1, Path = 2, StatusCode = 3, Duration = 4, Time = 5, Route = 6, Query = 7, Headers = 8, Body = 9,
        ResponseHeaders = 10, ResponseBody = 11, TraceId = 12, UserId = 13, Version = 14, Stage = 15, BodyTruncated = 16, ResponseBodyTruncated = 17,
        Error = 18, GeoCountry = 19, GeoRegion = 20, GeoCity = 21, GeoLat = 22, GeoLon = 23, GeoSource = 24;

    // Times what is kept of a body: so much of it is looked at for secrets, however long it is.
    private const int Looked = 4;

    private readonly DateTimeOffset _oldest = now - options.Retention;
    private readonly DateTimeOffset _newest = now + ItemLimits.MaxAhead;
    private readonly ArrayBufferWriter<byte> _utf8 = new();
    private Snapshot _read = new();
    private DateTime _time;
    private string? _route;
    private IPAddress? _address;
    private SnapshotHeaders _headers = SnapshotHeaders.None;
    private SnapshotHeaders _responseHeaders = SnapshotHeaders.None;
    private int _cut;

    /// <summary>Bodies that were too long to be kept whole.</summary>
    public override int? Cut => _cut;

    public override FieldError? Add(ReadOnlySpan<byte> item, SnapshotBatch batch)
    {
        if (Read(item) is { } error)
        {
            return error;
        }

        Finish();
        batch.Add(_read);
        return null;
    }

    protected override void Begin()
    {
        (_read, _time, _route, _address) = (new(), now.UtcDateTime, null, null);
        _headers = _responseHeaders = SnapshotHeaders.None;
    }

    protected override string? ReadField(int field, ref Utf8JsonReader json, ReadOnlySpan<byte> item)
    {
        switch (field)
        {
            case Service:
                return Set(ItemText.Read(ref json, ItemLimits.MaxService, out var service), service, (one, text) => one.Service = text);
            case Method:
                return Set(
                    ItemText.Read(ref json, MaxMethod, out var method) ?? (method.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
                        ? null : "must be an HTTP method"), method, (one, text) => one.Method = text.ToUpperInvariant());
            case Path:
                return Set(ReadTarget(ref json, out var path) ?? (path.StartsWith('/') ? null : "must begin with /"), path, (one, text) => one.Path = text);
            case StatusCode:
                var isStatus = json.TokenType == JsonTokenType.Number && json.TryGetInt16(out var status) && status is 0 or (>= 100 and <= 599);
                _read.StatusCode = isStatus && json.GetInt16() is > 0 and var given ? given : (short)ObservationReader.ClientClosed;
                return isStatus ? null : "must be a whole number from 100 to 599, or 0 where the client went away";
            case Duration:
                var isDuration = json.TokenType == JsonTokenType.Number && json.TryGetDouble(out var duration)
                    && duration is >= 0 and <= ObservationReader.MaxDurationMs;
                _read.Duration = isDuration ? json.GetDouble() : 0;
                return isDuration ? null
                    : string.Create(CultureInfo.InvariantCulture, $"must be a number of milliseconds from 0 to {ObservationReader.MaxDurationMs}");
            case Time:
                return ItemTime.Read(ref json, _oldest, _newest, ref _time);
            case Route:
                return Set(ItemText.Read(ref json, MaxRoute, out var route), route, (_, text) => _route = text);
            case Query:
                return json.TokenType == JsonTokenType.StartObject
                    ? Set(SnapshotQuery.Read(ref json, MaxTarget, out var fields), fields, (one, text) => one.Query = text)
                    : Set(ReadTarget(ref json, out var query), query, (one, text) => one.Query = text.TrimStart('?'));
            case Headers:
                return SnapshotHeaders.Read(ref json, out _headers);
            case ResponseHeaders:
                return SnapshotHeaders.Read(ref json, out _responseHeaders);
            case Body:
                ReadBody(ref json, item, isAnswer: false);
                return null;
            case ResponseBody:
                ReadBody(ref json, item, isAnswer: true);
                return null;
            case BodyTruncated:
                return ReadFlag(ref json, SnapshotFlags.BodyIsCut);
            case ResponseBodyTruncated:
                return ReadFlag(ref json, SnapshotFlags.ResponseBodyIsCut);
            case GeoLat:
                return ReadDegrees(ref json, 90, (one, degrees) => one.Latitude = degrees);
            case GeoLon:
                return ReadDegrees(ref json, 180, (one, degrees) => one.Longitude = degrees);
            case TraceId:
                return Set(ItemText.Read(ref json, ItemLimits.MaxTraceId, out var trace), trace, (one, text) => one.TraceId = text);
            case Error:
                return Set(ReadLong(ref json, MaxError, out var error), error, (one, text) => one.Error = text);
            case UserId:
                return json.TokenType == JsonTokenType.Number
                    ? Set(null, Encoding.UTF8.GetString(json.ValueSpan), (one, text) => one.UserId = text)
                    : Set(ItemText.Read(ref json, MaxUser, out var user), user, (one, text) => one.UserId = text);
            case Version:
                return Set(ItemText.Read(ref json, ItemLimits.MaxVersion, out var version), version, (one, text) => one.Version = text);
            case Stage:
                return Set(ItemText.Read(ref json, MaxStage, out var stage), stage, (one, text) => one.Stage = text);
            case GeoCountry:
                return Set(ItemText.Read(ref json, MaxPlace, out var country) ?? (GeoPlace.IsCountry(country) ? null
                    : "must be a country code of ISO 3166, of two letters"), country, (one, text) => one.GeoCountry = text.ToUpperInvariant());
            case GeoRegion:
                return Set(ItemText.Read(ref json, MaxPlace, out var region), region, (one, text) => one.GeoRegion = text);
            case GeoCity:
                return Set(ItemText.Read(ref json, MaxPlace, out var city), city, (one, text) => one.GeoCity = text);
            case GeoSource:
                return Set(ItemText.Read(ref json, MaxPlace, out var source) ?? (source is "platform" or "header" or "ip" or "none" ? null
                    : "must be platform, header, ip or none"), source, (one, text) => one.GeoSource = text);
            default: // client_address
                return ItemText.ReadAddress(ref json, out _address);
        }
    }

    private string? Set(string? problem, string text, Action<Snapshot, string> set)
    {
        if (problem is null)
        {
            set(_read, text);
        }

        return problem;
    }

    private static string? ReadTarget(ref readonly Utf8JsonReader json, out string text) => ItemText.Read(in json, MaxTarget, out text);

    /// <summary>Reads a text that may have lines.</summary>
    private static string? ReadLong(ref readonly Utf8JsonReader json, int longest, out string text)
    {
        text = json.TokenType == JsonTokenType.String ? JsonTexts.Read(in json) : "";
        return json.TokenType != JsonTokenType.String ? ItemText.NoText : Encoding.UTF8.GetByteCount(text) > longest ? ItemText.TooLong(longest) : null;
    }

    /// <summary>A text as it is, anything else as the JSON that it was sent as.</summary>
    private void ReadBody(ref Utf8JsonReader json, ReadOnlySpan<byte> item, bool isAnswer)
    {
        string body;
        var isJson = json.TokenType != JsonTokenType.String;
        if (isJson)
        {
            var start = (int)json.TokenStartIndex;
            json.Skip();
            body = Encoding.UTF8.GetString(item[start..(int)json.BytesConsumed]);
        }
        else
        {
            _utf8.ResetWrittenCount();
            JsonTexts.Write(ref json, _utf8);
            body = Encoding.UTF8.GetString(_utf8.WrittenSpan);
        }

        if (isAnswer)
        {
            _read.ResponseBody = body;
            _read.Flags |= isJson ? SnapshotFlags.ResponseBodyIsJson : 0;
        }
        else
        {
            _read.Body = body;
            _read.Flags |= isJson ? SnapshotFlags.BodyIsJson : 0;
        }
    }

    private string? ReadFlag(ref readonly Utf8JsonReader json, SnapshotFlags flag)
    {
        _read.Flags |= json.TokenType == JsonTokenType.True ? flag : 0;
        return json.TokenType is JsonTokenType.True or JsonTokenType.False ? null : "must be true or false";
    }

    private string? ReadDegrees(ref readonly Utf8JsonReader json, double most, Action<Snapshot, double> set)
    {
        if (json.TokenType != JsonTokenType.Number || !json.TryGetDouble(out var degrees) || Math.Abs(degrees) > most)
        {
            return string.Create(CultureInfo.InvariantCulture, $"must be degrees from -{most} to {most}");
        }

        set(_read, degrees);
        return null;
    }

    /// <summary>Takes out what is secret, cuts what is too long, and says by what it is found.</summary>
    private void Finish()
    {
        _read.Time = _time;
        var mark = _read.Path.IndexOf('?', StringComparison.Ordinal);
        if (mark >= 0)
        {
            _read.Query = _read.Query.Length > 0 ? _read.Query : _read.Path[(mark + 1)..];
            _read.Path = _read.Path[..mark];
        }

        _read.Path = Redactor.Default.Path(_read.Path, _route);
        _read.Endpoint = $"{_read.Method} {(_route is null ? RouteTemplates.FromPath(Redactor.AsTemplate(_read.Path)) : RouteTemplates.Normalize(_route))}";
        _read.Query = Redactor.Default.Query(_read.Query);
        _read.Error = Redactor.Default.Text(_read.Error);
        (_read.Headers, _read.ResponseHeaders) = (_headers.ToJson(), _responseHeaders.ToJson());
        _read.ClientAddress = _address is null ? "" : addresses.Kept(_address);
        Locate();
        (_read.Body, _read.Flags) = Kept(_read.Body, _headers.Type, _read.Flags, SnapshotFlags.BodyIsJson, SnapshotFlags.BodyIsCut);
        (_read.ResponseBody, _read.Flags) = Kept(
            _read.ResponseBody, _responseHeaders.Type, _read.Flags, SnapshotFlags.ResponseBodyIsJson, SnapshotFlags.ResponseBodyIsCut);
        _read.Folded = Folded(_read);
    }

    /// <summary>What a search would not find as it is: what is written in percents, and letters that PostgreSQL does not fold.</summary>
    private static string Folded(Snapshot one)
    {
        var target = $"{one.Path}\n{one.Query}";
        var plain = target.AsSpan().IndexOfAny('%', '+') < 0 ? "" : Uri.UnescapeDataString(target.Replace('+', ' ')).Replace('\0', '\uFFFD');
        var texts = string.Join('\n', one.Path, one.Query, one.Body, one.ResponseBody, one.Error, one.UserId, plain);
        return Ascii.IsValid(texts) ? plain : TextFold.Of(texts);
    }

    /// <summary>Where it came from: as its sender says, else as headers do, else by its address.</summary>
    private void Locate()
    {
        if (_read.GeoCountry.Length + _read.GeoRegion.Length + _read.GeoCity.Length > 0)
        {
            _read.GeoSource = _read.GeoSource.Length > 0 ? _read.GeoSource : GeoPlace.Header;
            return;
        }

        var place = GeoHeaders.Read(_headers.Value) ?? (_address is null ? null : geo.Find(_address)) ?? GeoPlace.None;
        (_read.GeoCountry, _read.GeoRegion, _read.GeoCity, _read.GeoSource) = (place.Country, place.Region, place.City, place.Source);
        (_read.Latitude, _read.Longitude) = (place.Latitude, place.Longitude);
    }

    private (string Body, SnapshotFlags Flags) Kept(string body, string? type, SnapshotFlags flags, SnapshotFlags isJson, SnapshotFlags isCut)
    {
        if (body.Length == 0)
        {
            return (body, flags & ~isJson);
        }

        if (body.Length > Looked * options.MaxBodyBytes)
        {
            (body, flags) = (body[..(Looked * options.MaxBodyBytes)], (flags | isCut) & ~isJson);
        }

        // Before it is cut: a secret that is cut would be one no longer.
        body = flags.HasFlag(isCut) ? Redactor.WithoutEnd(body) : body;
        var kept = Redactor.Default.Body(body, flags.HasFlag(isJson) ? null : type);
        if (!flags.HasFlag(isJson) && !flags.HasFlag(isCut) && type?.Contains("json", StringComparison.OrdinalIgnoreCase) == true && IsJson(kept))
        {
            flags |= isJson;
        }

        kept = flags.HasFlag(isJson) ? JsonTexts.WithPairs(kept) : kept;
        if (Encoding.UTF8.GetByteCount(kept) <= options.MaxBodyBytes)
        {
            return (kept, flags);
        }

        _cut++;
        var utf8 = Encoding.UTF8.GetBytes(kept);
        var end = options.MaxBodyBytes;
        while ((utf8[end] & 0xC0) == 0x80) // within a character
        {
            end--;
        }

        return (Encoding.UTF8.GetString(utf8, 0, end), (flags | isCut) & ~isJson);
    }

    private static bool IsJson(string text)
    {
        try
        {
            var json = new Utf8JsonReader(Encoding.UTF8.GetBytes(text));
            while (json.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
