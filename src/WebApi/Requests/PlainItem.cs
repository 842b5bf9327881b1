using System.Net;
using Bayou.Geo;
using Bayou.Http;
using Bayou.Ingest;
using Bayou.Metrics;

namespace Bayou.Requests;

/// <summary>
/// One item as nearly all senders write it: the known fields, each once, texts without escapes, numbers without exponents. It is read
/// in place, without allocating. Whatever is not plain, or not right, is left to <see cref="ObservationReader"/>, which
/// takes all of JSON and says what is wrong. Texts are checked when their bytes are first met (<see cref="ObservationBatch.TryAdd"/>).
/// </summary>
internal ref struct PlainItem
{
    private const int MostDigits = 15; // exact in a double
    private const int RequiredFields = (1 << 0) | (1 << 1) | (1 << 2) | (1 << 4) | (1 << 5) | (1 << 6);
    private static readonly double[] PowersOfTen = [.. Enumerable.Range(0, MostDigits + 1).Select(power => Math.Pow(10, power))];

    private ReadOnlySpan<byte> _rest;
    private ReadOnlySpan<byte> _service;
    private ReadOnlySpan<byte> _method;
    private ReadOnlySpan<byte> _route;
    private ReadOnlySpan<byte> _version;
    private long _status;
    private long _requestBytes;
    private long _responseBytes;
    private DateTime _time;
    private IPAddress? _address;

    public readonly ReadOnlySpan<byte> Service => _service;

    public readonly ReadOnlySpan<byte> Method => _method;

    public readonly ReadOnlySpan<byte> Route => _route;

    /// <summary>Empty for none.</summary>
    public readonly ReadOnlySpan<byte> Version => _version;

    public readonly int Status => (int)_status;

    /// <summary>See <see cref="CountryCode"/>; 0 for none.</summary>
    public ushort Country { get; private set; }

    /// <summary>Says the country by the address, where the sender has not said it.</summary>
    public void Locate(GeoDatabase geo) => Country = Country == 0 && _address is not null ? geo.CountryOf(_address) : Country;

    public long DurationMicros { get; private set; }

    /// <summary>In UTC.</summary>
    public readonly DateTime Time => _time;

    public readonly long RequestBytes => _requestBytes;

    public readonly long ResponseBytes => _responseBytes;

    /// <summary>One that was sent otherwise, by the bytes that it was sent in.</summary>
    public static PlainItem Of(
        ReadOnlySpan<byte> service, ReadOnlySpan<byte> method, ReadOnlySpan<byte> route, ReadOnlySpan<byte> version, int status, long durationMicros,
        DateTime time, long requestBytes, long responseBytes, ushort country) => new()
        {
            _service = service, _method = method, _route = route, _version = version, _status = status, DurationMicros = durationMicros, _time = time,
            _requestBytes = requestBytes, _responseBytes = responseBytes, Country = country,
        };

    /// <returns>False when it is not plain, and then nothing of it may be used.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, DateTime oldest, DateTime newest, out PlainItem item)
    {
        item = new() { _rest = json };
        if (item.TryRead() && item.Time >= oldest && item.Time <= newest)
        {
            return true;
        }

        item = default;
        return false;
    }

    private bool TryRead()
    {
        if (!Skip((byte)'{'))
        {
            return false;
        }

        for (var seen = 0; ;)
        {
            if (!TryText(out var name) || !Skip((byte)':'))
            {
                return false;
            }

            SkipSpaces();
            var field = TryField(name);
            if (field < 0 || (seen & (1 << field)) != 0)
            {
                return false;
            }

            seen |= 1 << field;
            if (!Skip((byte)','))
            {
                return Skip((byte)'}') && _rest.IsEmpty && (seen & RequiredFields) == RequiredFields;
            }
        }
    }

    /// <returns>The field's number as <see cref="ObservationReader"/> has it, or -1.</returns>
    private int TryField(ReadOnlySpan<byte> name)
    {
        switch (name.Length)
        {
            case 4 when name.SequenceEqual("time"u8):
                return TryTime() ? 6 : -1;
            case 5 when name.SequenceEqual("route"u8):
                return TryText(out _route) ? 2 : -1;
            case 6 when name.SequenceEqual("status"u8):
                return TryInteger(out _status) && _status is >= 100 and <= 599 ? 4 : -1;
            case 6 when name.SequenceEqual("method"u8):
                return TryText(out _method) ? 1 : -1;
            case 7 when name.SequenceEqual("service"u8):
                return TryText(out _service) ? 0 : -1;
            case 7 when name.SequenceEqual("country"u8):
                return SkipNull() || TryCountry() ? 10 : -1;
            case 7 when name.SequenceEqual("version"u8):
                return SkipNull() || (TryText(out _version) && !_version.IsEmpty) ? 11 : -1;
            case 8 when name.SequenceEqual("trace_id"u8):
                return SkipNull() || TryTraceId() ? 9 : -1;
            case 11 when name.SequenceEqual("duration_ms"u8):
                return TryDuration() ? 5 : -1;
            case 12 when name.SequenceEqual("request_size"u8):
                return SkipNull() || (TryInteger(out _requestBytes) && _requestBytes <= ObservationReader.MaxBytes) ? 7 : -1;
            case 13 when name.SequenceEqual("response_size"u8):
                return SkipNull() || (TryInteger(out _responseBytes) && _responseBytes <= ObservationReader.MaxBytes) ? 8 : -1;
            case 14 when name.SequenceEqual("client_address"u8):
                return SkipNull() || TryAddress() ? 12 : -1;
            default:
                return -1;
        }
    }

    private void SkipSpaces()
    {
        while (!_rest.IsEmpty && _rest[0] == ' ')
        {
            _rest = _rest[1..];
        }
    }

    private bool Skip(byte what)
    {
        SkipSpaces();
        if (_rest.IsEmpty || _rest[0] != what)
        {
            return false;
        }

        _rest = _rest[1..];
        return true;
    }

    private bool SkipNull()
    {
        var isNull = _rest.StartsWith("null"u8);
        _rest = isNull ? _rest[4..] : _rest;
        return isNull;
    }

    private bool TryText(out ReadOnlySpan<byte> text)
    {
        text = default;
        if (!Skip((byte)'"'))
        {
            return false;
        }

        var end = _rest.IndexOfAny((byte)'"', (byte)'\\');
        if (end < 0 || _rest[end] != '"')
        {
            return false;
        }

        text = _rest[..end];
        _rest = _rest[(end + 1)..];
        return true;
    }

    private bool TryDigits(out long value, out int digits)
    {
        (value, digits) = (0, 0);
        while (digits < _rest.Length && (uint)(_rest[digits] - '0') <= 9 && digits <= MostDigits)
        {
            value = (value * 10) + (_rest[digits] - '0');
            digits++;
        }

        var plain = digits is >= 1 and <= MostDigits;
        _rest = _rest[digits..];
        return plain;
    }

    private bool TryInteger(out long value)
    {
        var leadingZero = _rest.Length > 0 && _rest[0] == '0';
        return TryDigits(out value, out var digits) && (!leadingZero || digits == 1);
    }

    private bool TryDuration()
    {
        if (!TryInteger(out var value))
        {
            return false;
        }

        var decimals = 0;
        if (_rest.Length > 0 && _rest[0] == '.')
        {
            _rest = _rest[1..];
            if (!TryDigits(out var fraction, out decimals) || value > (long)(PowersOfTen[MostDigits - decimals] - 1))
            {
                return false;
            }

            value = (value * (long)PowersOfTen[decimals]) + fraction;
        }

        // Both exact, so the quotient is the double that JSON means.
        var milliseconds = value / PowersOfTen[decimals];
        DurationMicros = (long)Math.Round(milliseconds * 1000);
        return milliseconds <= ObservationReader.MaxDurationMs;
    }

    private bool TryCountry()
    {
        if (!TryText(out var text) || text.Length != 2)
        {
            return false;
        }

        var (first, second) = (text[0] & ~0x20, text[1] > '9' ? text[1] & ~0x20 : text[1]);
        Country = CountryCode.Of(first, second);
        return char.IsAsciiLetterUpper((char)first) && char.IsAsciiLetterOrDigit((char)second);
    }

    private bool TryAddress() => TryText(out var text) && IPAddress.TryParse(text, out _address);

    private bool TryTraceId() => TryText(out var trace) && trace.Length is >= 1 and <= ItemLimits.MaxTraceId
        && !trace.ContainsAnyExceptInRange((byte)'!', (byte)'~');

    private bool TryTime() => _rest.Length > 0 && _rest[0] == '"'
        ? TryText(out var text) && Times.TryParsePlain(text, out _time)
        : TryInteger(out var milliseconds) && Times.FromUnixMilliseconds(milliseconds, out _time);
}
