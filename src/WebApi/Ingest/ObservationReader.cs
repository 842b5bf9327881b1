using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Bayou.Http;

namespace Bayou.Ingest;

/// <summary>Reads one item of <c>POST /ingest/v1/requests</c> with the framework's UTF-8 reader, without a DOM.</summary>
/// <param name="oldest">Earlier observations are no longer kept.</param>
/// <param name="newest">Later ones come from a clock that is wrong.</param>
internal sealed class ObservationReader(DateTimeOffset oldest, DateTimeOffset newest)
{
    public const double MaxDurationMs = 86_400_000;
    public const long MaxBytes = 1L << 40;
    public const int MaxTraceId = 128;

    // Bytes of UTF-8: together they must fit an index entry of PostgreSQL, a third of a page.
    public const int MaxService = 400;
    public const int MaxVersion = 100;
    private const int MaxMethod = 20;
    private const int MaxRoute = 2_000;
    private const int MaxTimeText = 64; // with escapes

    public const string NoTime = "must be an ISO 8601 time with offset or Z, or Unix milliseconds";

    private static readonly string[] Fields =
        ["service", "method", "route", "path", "status", "duration_ms", "time", "request_size", "response_size", "trace_id", "country", "version"];

    private readonly string?[] _texts = new string?[Fields.Length];
    private string _field = "";
    private long _status;
    private double _durationMs;
    private DateTimeOffset _time;
    private long _requestSize;
    private long _responseSize;

    /// <summary>The observation, or what is wrong with the item and which field has it.</summary>
    public (Observation Value, FieldError? Error) Read(ReadOnlySpan<byte> item)
    {
        Array.Clear(_texts);
        (_requestSize, _responseSize, _field) = (0, 0, "");
        try
        {
            return Fill(item) is { } error ? (default, error) : Finish();
        }
        catch (JsonException e)
        {
            return (default, new(_field.Length > 0 ? _field : "item", $"is not valid JSON (byte {e.BytePositionInLine})"));
        }
        catch (InvalidOperationException) // What the reader throws at a lone surrogate, such as \ud800.
        {
            return (default, new(_field.Length > 0 ? _field : "item", "has an escape that is no character"));
        }
    }

    private FieldError? Fill(ReadOnlySpan<byte> item)
    {
        var reader = new Utf8JsonReader(item);
        var seen = 0;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return new("item", "must be a JSON object");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var at = FieldAt(ref reader);
            if (at < 0)
            {
                return new(Printable(reader.ValueSpan), $"is not a known field; expected one of {string.Join(", ", Fields)}");
            }

            _field = Fields[at];
            if ((seen & (1 << at)) != 0)
            {
                return new(_field, "is given twice");
            }

            seen |= 1 << at;
            reader.Read();
            if (ReadField(at, ref reader) is { } message)
            {
                return new(_field, message);
            }
        }

        _field = "";
        if (reader.Read())
        {
            return new("item", "must be one JSON object");
        }

        foreach (var required in (ReadOnlySpan<int>)[0, 1, 4, 5, 6])
        {
            if ((seen & (1 << required)) == 0)
            {
                return new(Fields[required], "is required");
            }
        }

        return _texts[2] is null && _texts[3] is null ? new("route", "is required (or path, for a raw path)") : null;
    }

    private (Observation, FieldError?) Finish()
    {
        var route = _texts[2] is { } template ? RouteTemplates.Normalize(template) : RouteTemplates.FromPath(_texts[3]!);
        var endpoint = $"{_texts[1]!.ToUpperInvariant()} {route}";
        var country = _texts[10]?.ToUpperInvariant();
        return (new(_texts[0]!, endpoint, (int)_status, (long)Math.Round(_durationMs * 1000), _time, _requestSize, _responseSize, country, _texts[11]), null);
    }

    private string? ReadField(int at, ref Utf8JsonReader reader) => at switch
    {
        0 => ReadText(at, ref reader, MaxService),
        1 => ReadText(at, ref reader, MaxMethod) ?? (IsToken(_texts[1]!) ? null : "must be an HTTP method"),
        2 or 3 => ReadText(at, ref reader, MaxRoute, optional: true),
        4 => ReadWhole(ref reader, 100, 599, ref _status),
        5 => ReadDuration(ref reader),
        6 => ReadTime(ref reader),
        7 => ReadWhole(ref reader, 0, MaxBytes, ref _requestSize, optional: true),
        8 => ReadWhole(ref reader, 0, MaxBytes, ref _responseSize, optional: true),
        9 => ReadText(at, ref reader, MaxTraceId, optional: true),
        11 => ReadText(at, ref reader, MaxVersion, optional: true),
        _ => ReadText(at, ref reader, 2, optional: true) ?? (_texts[10] is null || IsCountry(_texts[10]!) ? null : "must be a two-letter country code"),
    };

    private string? ReadText(int at, ref Utf8JsonReader reader, int longest, bool optional = false)
    {
        if (optional && reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType != JsonTokenType.String)
        {
            return "must be a string";
        }

        if (!Utf8.IsValid(reader.ValueSpan))
        {
            return "is not valid UTF-8";
        }

        var text = reader.GetString()!;
        if (TextProblem(text, longest) is { } problem)
        {
            return problem;
        }

        _texts[at] = text;
        return null;
    }

    /// <summary>What is wrong with a text, or null.</summary>
    /// <param name="longest">In bytes of UTF-8.</param>
    public static string? TextProblem(string text, int longest) =>
        string.IsNullOrWhiteSpace(text) ? "must not be empty"
        : Encoding.UTF8.GetByteCount(text) > longest ? $"is longer than {longest} bytes of UTF-8"
        : text.AsSpan().ContainsAnyInRange('\0', '\x1f') ? "has a control character"
        : null;

    /// <summary>What is wrong with a time, or null.</summary>
    public static string? TimeProblem(DateTimeOffset time, DateTimeOffset oldest, DateTimeOffset newest) =>
        time < oldest ? "is older than what is kept"
        : time > newest ? "is more than 10 minutes ahead of the server's clock"
        : null;

    private static string? ReadWhole(ref Utf8JsonReader reader, long least, long most, ref long value, bool optional = false)
    {
        if (optional && reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out value) && value >= least && value <= most
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {least} to {most}");
    }

    private string? ReadDuration(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out _durationMs) && _durationMs is >= 0 and <= MaxDurationMs
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"must be a number of milliseconds from 0 to {MaxDurationMs}");

    private string? ReadTime(ref Utf8JsonReader reader)
    {
        var parsed = reader.TokenType switch
        {
            JsonTokenType.Number when reader.TryGetInt64(out var ms) => Times.FromUnixMilliseconds(ms, out _time),
            JsonTokenType.String when reader.ValueSpan.Length <= MaxTimeText => TryReadTimeText(ref reader, out _time),
            _ => false,
        };
        return parsed ? TimeProblem(_time, oldest, newest) : NoTime;
    }

    // Unescaped first: many writers escape the + of an offset.
    private static bool TryReadTimeText(ref Utf8JsonReader reader, out DateTimeOffset time)
    {
        Span<byte> text = stackalloc byte[MaxTimeText];
        time = default;
        return Utf8.IsValid(reader.ValueSpan) && Times.TryParse(text[..reader.CopyString(text)], out time);
    }

    private static int FieldAt(ref Utf8JsonReader reader)
    {
        for (var i = 0; i < Fields.Length; i++)
        {
            if (reader.ValueTextEquals(Fields[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private static bool IsToken(string method) => method.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    // Networks report XX and T1 for unknown places, so the second character may be a digit.
    private static bool IsCountry(string code) => code.Length == 2 && char.IsAsciiLetter(code[0]) && char.IsAsciiLetterOrDigit(code[1]);

    private static string Printable(ReadOnlySpan<byte> name)
    {
        var text = Encoding.UTF8.GetString(name[..Math.Min(name.Length, 64)]);
        return string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
    }
}
