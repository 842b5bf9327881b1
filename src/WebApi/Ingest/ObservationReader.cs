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
    private const int MaxCountry = 3;
    private const int MaxRoute = 2_000;
    private const int MaxTimeText = 64; // with escapes
    private const int ClientClosed = 499; // What proxies say where the client went away; others say 0.

    private const string NoCharacter = "has an escape that is no character";

    private static readonly string[] Fields =
        ["service", "method", "route", "path", "status", "duration_ms", "time", "request_size", "response_size", "trace_id", "country", "version"];

    private readonly string?[] _texts = new string?[Fields.Length];
    private string _field = "";
    private long _status;
    private double _durationMs;
    private DateTimeOffset _time;
    private long _requestSize;
    private long _responseSize;

    /// <summary>What is wrong with optional fields of the item that was read last: each is left out.</summary>
    public List<FieldError> Warnings { get; } = [];

    /// <summary>The observation, or what is wrong with the item and which field has it.</summary>
    public (Observation Value, FieldError? Error) Read(ReadOnlySpan<byte> item)
    {
        Array.Clear(_texts);
        Warnings.Clear();
        (_requestSize, _responseSize, _field) = (0, 0, "");
        try
        {
            return Fill(item) is { } error ? (default, error) : Finish();
        }
        catch (JsonException e)
        {
            return (default, new(_field.Length > 0 ? _field : "item", $"is not valid JSON (byte {e.BytePositionInLine})"));
        }
        catch (InvalidOperationException) // The same, in a name.
        {
            return (default, new(_field.Length > 0 ? _field : "item", NoCharacter));
        }
    }

    /// <summary>Whose an item is that was refused, so that nobody else is told of it; null where it does not say.</summary>
    public static string? ServiceOf(ReadOnlySpan<byte> item)
    {
        var reader = new Utf8JsonReader(item);
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isService = reader.ValueTextEquals(Fields[0]);
                reader.Read();
                if (isService)
                {
                    return reader.TokenType == JsonTokenType.String && Utf8.IsValid(reader.ValueSpan) && reader.GetString() is var name && TextProblem(name!, MaxService) is null ? name : null;
                }

                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // It is cut short, or has an escape that is no character: before that it said nothing.
        }

        return null;
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
            var isBlank = MayBeBlank(at) && IsBlank(ref reader);
            if ((isBlank ? "is empty" : ReadField(at, ref reader)) is not { } problem)
            {
                continue;
            }

            if (!isBlank && !IsOptional(at))
            {
                return new(_field, problem);
            }

            Warnings.Add(new(_field, problem));
            reader.Skip(); // where it is an object or an array
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
        return (new(_texts[0]!, endpoint, (int)_status, (long)Math.Round(_durationMs * 1000), _time, _requestSize, _responseSize, country, _texts[11], _texts[2] is null), null);
    }

    private static bool IsOptional(int at) => at >= 7;

    private static bool MayBeBlank(int at) => at is 2 or 3 || IsOptional(at);

    /// <summary>How programs write that they know none.</summary>
    private static bool IsBlank(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String && reader.ValueSpan.Trim(" \t"u8) is var text && (text.IsEmpty || text.SequenceEqual("-"u8));

    /// <returns>What is wrong with it, or null.</returns>
    private string? ReadField(int at, ref Utf8JsonReader reader) => at switch
    {
        0 => ReadText(at, ref reader, MaxService),
        1 => ReadText(at, ref reader, MaxMethod) ?? (IsToken(_texts[1]!) ? null : "must be an HTTP method"),
        2 or 3 => ReadText(at, ref reader, MaxRoute, optional: true),
        4 => ReadStatus(ref reader),
        5 => ReadDuration(ref reader),
        6 => ReadTime(ref reader),
        7 => ReadWhole(ref reader, 0, MaxBytes, ref _requestSize, optional: true),
        8 => ReadWhole(ref reader, 0, MaxBytes, ref _responseSize, optional: true),
        9 => ReadText(at, ref reader, MaxTraceId, optional: true),
        11 => ReadText(at, ref reader, MaxVersion, optional: true),
        _ => ReadCountry(at, ref reader),
    };

    private string? ReadCountry(int at, ref Utf8JsonReader reader)
    {
        var problem = ReadText(at, ref reader, MaxCountry, optional: true);
        if (problem is not null || _texts[at] is not { } code)
        {
            return problem;
        }

        _texts[at] = IsCountry(code) ? code : CountryCodes.OfThreeLetters(code);
        return _texts[at] is null ? "must be a country code of ISO 3166, of two or three letters" : null;
    }

    /// <summary>0 is how some proxies say that the client went away.</summary>
    private string? ReadStatus(ref Utf8JsonReader reader)
    {
        var problem = ReadWhole(ref reader, 0, 599, ref _status);
        if (problem is null && _status == 0)
        {
            _status = ClientClosed;
        }

        return problem is null && _status >= 100 ? null : "must be a whole number from 100 to 599, or 0 where the client went away";
    }

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

        string text;
        try
        {
            text = reader.GetString()!;
        }
        catch (InvalidOperationException) // What the reader throws at a lone surrogate, such as \ud800.
        {
            return NoCharacter;
        }

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

        if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var whole) || whole < least || whole > most)
        {
            return string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {least} to {most}");
        }

        value = whole;
        return null;
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
        var problem = parsed ? TimeProblem(_time, oldest, newest) : Times.Expected;
        return problem is null ? null : Times.UnitProblem(reader.ValueSpan) ?? problem;
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
