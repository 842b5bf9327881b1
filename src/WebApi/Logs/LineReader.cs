using System.Globalization;
using System.Text;
using System.Text.Json;
using Bayou.Http;
using Bayou.Ingest;

namespace Bayou.Logs;

/// <summary>Reads one item of <c>POST /ingest/v1/logs</c>.</summary>
/// <param name="now">The time of a line that says none.</param>
internal sealed class LineReader(DateTimeOffset now, LogsOptions options)
{
    // Bytes of UTF-8.
    public const int MaxMessage = 256 * 1024;
    public const int MaxSource = 200;
    private const int MaxLevel = 32;

    private static readonly string[] Fields = ["source", "service", "level", "message", "meta", "time", "trace_id"];
    private const int Source = 0, Service = 1, Level = 2, Message = 3, Meta = 4, Time = 5, TraceId = 6;

    private readonly DateTimeOffset _newest = now + IngestService.MaxAhead;
    private readonly TextCache _texts = new();
    private string _field = "";
    private LogLine _line;

    /// <summary>Messages that were too long to be kept whole.</summary>
    public int Cut { get; private set; }

    /// <summary>The line, or what is wrong with the item and which field has it.</summary>
    public (LogLine Value, FieldError? Error) Read(ReadOnlySpan<byte> item)
    {
        (_line, _field) = (new LogLine(now.UtcDateTime, 0, "", "", "", "", null, ""), "");
        try
        {
            return Fill(item) is { } error ? (default, error) : (_line, null);
        }
        catch (JsonException e)
        {
            return (default, new(_field.Length > 0 ? _field : "item", $"is not valid JSON, or has more than {LineMeta.MaxDepth} levels (byte {e.BytePositionInLine})"));
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
                return new(JsonTexts.Read(ref reader) is { Length: <= 64 } name ? name : "item", $"is not a known field; expected one of {string.Join(", ", Fields)}");
            }

            _field = Fields[at];
            if ((seen & (1 << at)) != 0)
            {
                return new(_field, "is given twice");
            }

            seen |= 1 << at;
            reader.Read();
            if (ReadField(at, ref reader, item) is { } message)
            {
                return new(_field, message);
            }
        }

        _field = "";
        if (reader.Read())
        {
            return new("item", "is followed by something else");
        }

        foreach (var required in (ReadOnlySpan<int>)[Source, Level, Message])
        {
            if ((seen & (1 << required)) == 0)
            {
                return new(Fields[required], "is missing");
            }
        }

        var oldest = now - options.Retention(LogSegment.RetentionOf(_line.Level));
        return _line.Time < oldest ? new("time", $"is older than lines of level {LogLevels.NameOf(_line.Level)} are kept") : null;
    }

    private static int FieldAt(ref Utf8JsonReader reader)
    {
        for (var at = 0; at < Fields.Length; at++)
        {
            if (reader.ValueTextEquals(Fields[at]))
            {
                return at;
            }
        }

        return -1;
    }

    private string? ReadField(int at, ref Utf8JsonReader reader, ReadOnlySpan<byte> item)
    {
        switch (at)
        {
            case Source:
                return ReadText(ref reader, 1, MaxSource, out var source) is { } wrong ? wrong : Set(_line with { Source = source });
            case Service when reader.TokenType != JsonTokenType.Null:
                return ReadText(ref reader, 1, ObservationReader.MaxService, out var service) is { } wrongService ? wrongService : Set(_line with { Service = service });
            case TraceId when reader.TokenType != JsonTokenType.Null:
                return ReadText(ref reader, 1, ObservationReader.MaxTraceId, out var trace) is { } wrongTrace ? wrongTrace
                    : trace.AsSpan().ContainsAnyExceptInRange('!', '~') ? "must be of printable ASCII without blanks" : Set(_line with { TraceId = trace });
            case Level:
                return ReadLevel(ref reader);
            case Message:
                return reader.TokenType == JsonTokenType.String ? Set(_line with { Message = Shortened(JsonTexts.Read(ref reader)) }) : "must be a text";
            case Meta:
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                var json = item[start..(int)reader.BytesConsumed];
                if (json.Length > LineMeta.MaxBytes)
                {
                    return $"is larger than {LineMeta.MaxBytes} bytes";
                }

                var (meta, text) = LineMeta.Read(json);
                return Set(_line with { Meta = meta, MetaText = text });
            case Time when reader.TokenType != JsonTokenType.Null:
                return ReadTime(ref reader);
            default:
                return null;
        }
    }

    private string? Set(LogLine line)
    {
        _line = line;
        return null;
    }

    private string? ReadText(ref Utf8JsonReader reader, int least, int most, out string text)
    {
        text = "";
        if (reader.TokenType != JsonTokenType.String)
        {
            return "must be a text";
        }

        if (reader.ValueSpan.Length > most * 6) // as escapes
        {
            return $"must be of {least} to {most} bytes";
        }

        text = reader.ValueIsEscaped ? JsonTexts.Read(ref reader) : _texts.Get(reader.ValueSpan);
        return text.Length < least || Encoding.UTF8.GetByteCount(text) > most ? $"must be of {least} to {most} bytes" : null;
    }

    private string? ReadLevel(ref Utf8JsonReader reader)
    {
        var isKnown = reader.TokenType switch
        {
            JsonTokenType.String when reader.ValueSpan.Length <= MaxLevel => LogLevels.TryParse(_texts.Get(reader.ValueSpan), out var level) && Set(_line with { Level = level }) is null,
            JsonTokenType.Number => reader.TryGetInt64(out var number) && LogLevels.TryParse(number, out var level) && Set(_line with { Level = level }) is null,
            _ => false,
        };
        return isKnown ? null : $"must be one of {string.Join(", ", LogLevels.Names)}, another common name of these, or a number as syslog (0 to 7) or pino (10 to 60) have it";
    }

    private string? ReadTime(ref Utf8JsonReader reader)
    {
        var isTime = reader.TokenType switch
        {
            JsonTokenType.String => Times.TryParsePlain(reader.ValueSpan, out var utc) ? Set(_line with { Time = utc }) is null
                : Times.TryParse(reader.ValueSpan, out var time) && Set(_line with { Time = time.UtcDateTime }) is null,
            JsonTokenType.Number => reader.TryGetInt64(out var milliseconds) && Times.FromUnixMilliseconds(milliseconds, out DateTime time) && Set(_line with { Time = time }) is null,
            _ => false,
        };
        return !isTime ? ObservationReader.NoTime
            : _line.Time > _newest.UtcDateTime ? $"is more than {IngestService.MaxAhead.TotalMinutes:0} minutes ahead" : null;
    }

    /// <summary>The beginning of what is too long, and a mark that says so.</summary>
    private string Shortened(string message)
    {
        if (message.Length <= MaxMessage / 3 || Encoding.UTF8.GetByteCount(message) is var bytes && bytes <= MaxMessage)
        {
            return message;
        }

        Cut++;
        Encoding.UTF8.GetEncoder().Convert(message, new byte[MaxMessage], flush: false, out var chars, out _, out _);
        chars -= char.IsHighSurrogate(message[chars - 1]) ? 1 : 0;
        return string.Create(CultureInfo.InvariantCulture, $"{message.AsSpan(0, chars)}… (cut: {bytes} bytes in all)");
    }

    /// <summary>The few texts that most lines of a batch have in common, each made once.</summary>
    private sealed class TextCache
    {
        private const int Size = 16;
        private readonly (byte[] Bytes, string Text)[] _entries = new (byte[], string)[Size];
        private int _next;

        public string Get(ReadOnlySpan<byte> utf8)
        {
            foreach (var (bytes, known) in _entries)
            {
                if (bytes is not null && utf8.SequenceEqual(bytes))
                {
                    return known;
                }
            }

            var text = Encoding.UTF8.GetString(utf8);
            _entries[_next] = (utf8.ToArray(), text);
            _next = (_next + 1) % Size;
            return text;
        }
    }
}
