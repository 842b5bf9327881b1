using System.Buffers;
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

    private static readonly string[] Fields = ["source", "service", "level", "message", "meta", "time", "trace_id"];
    private const int Source = 0, Service = 1, Level = 2, Message = 3, Meta = 4, Time = 5, TraceId = 6;

    private readonly DateTimeOffset _newest = now + IngestService.MaxAhead;
    private readonly ArrayBufferWriter<byte> _metaText = new();
    private byte[] _room = new byte[1_024];
    private string _field = "";

    /// <summary>Messages that were too long to be kept whole.</summary>
    public int Cut { get; private set; }

    /// <summary>Adds the line to the batch, or says what is wrong with the item and which field has it.</summary>
    public FieldError? Read(ReadOnlySpan<byte> item, LogBatch batch)
    {
        _field = "";
        if (_room.Length < item.Length)
        {
            _room = new byte[item.Length * 2];
        }

        try
        {
            var line = new LogLine { Time = now.UtcDateTime };
            var error = Fill(item, ref line);
            if (error is null)
            {
                batch.Add(line);
            }

            return error;
        }
        catch (JsonException e)
        {
            return new(_field.Length > 0 ? _field : "item", $"is not valid JSON, or has more than {LineMeta.MaxDepth} levels (byte {e.BytePositionInLine})");
        }
    }

    private FieldError? Fill(ReadOnlySpan<byte> item, ref LogLine line)
    {
        var reader = new Utf8JsonReader(item);
        var room = _room.AsSpan();
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
            if (ReadField(at, ref reader, item, ref line, ref room) is { } message)
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

        var oldest = now - options.Retention(LogSegment.RetentionOf(line.Level));
        return line.Time < oldest ? new("time", $"is older than lines of level {LogLevels.NameOf(line.Level)} are kept") : null;
    }

    private static int FieldAt(ref Utf8JsonReader reader)
    {
        for (var at = 0; at < Fields.Length; at++)
        {
            if (reader.ValueIsEscaped ? JsonTexts.Read(ref reader) == Fields[at] : reader.ValueTextEquals(Fields[at]))
            {
                return at;
            }
        }

        return -1;
    }

    private string? ReadField(int at, scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> item, ref LogLine line, scoped ref Span<byte> room)
    {
        if (reader.TokenType == JsonTokenType.Null && at is Service or TraceId or Time)
        {
            return null;
        }

        switch (at)
        {
            case Source:
                return ReadText(ref reader, MaxSource, ref room, out line.Source);
            case Service:
                return ReadText(ref reader, ObservationReader.MaxService, ref room, out line.Service);
            case TraceId:
                return ReadText(ref reader, ObservationReader.MaxTraceId, ref room, out line.TraceId)
                    ?? (line.TraceId.ContainsAnyExceptInRange((byte)'!', (byte)'~') ? "must be of printable ASCII without blanks" : null);
            case Level:
                return ReadLevel(ref reader, ref line.Level);
            case Message when reader.TokenType != JsonTokenType.String:
                return "must be a text";
            case Message:
                line.Message = Shortened(JsonTexts.Read(ref reader, ref room));
                return null;
            case Meta:
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                var json = item[start..(int)reader.BytesConsumed];
                if (json.Length > LineMeta.MaxBytes)
                {
                    return $"is larger than {LineMeta.MaxBytes} bytes";
                }

                _metaText.ResetWrittenCount();
                line.Meta = LineMeta.Read(json, _metaText);
                line.MetaText = _metaText.WrittenSpan;
                return null;
            default:
                return ReadTime(ref reader, ref line.Time);
        }
    }

    private static string? ReadText(scoped ref Utf8JsonReader reader, int most, scoped ref Span<byte> room, out ReadOnlySpan<byte> text)
    {
        text = [];
        if (reader.TokenType != JsonTokenType.String)
        {
            return "must be a text";
        }

        text = JsonTexts.Read(ref reader, ref room);
        return text.IsEmpty || text.Length > most ? $"must be of 1 to {most} bytes" : null;
    }

    private static string? ReadLevel(ref Utf8JsonReader reader, ref LineLevel level)
    {
        var isKnown = reader.TokenType switch
        {
            JsonTokenType.String => LogLevels.TryParse(reader.ValueSpan, out level),
            JsonTokenType.Number => reader.TryGetInt64(out var number) && LogLevels.TryParse(number, out level),
            _ => false,
        };
        return isKnown ? null : $"must be one of {string.Join(", ", LogLevels.Names)}, another common name of these, or a number as syslog (0 to 7) or pino (10 to 60) have it";
    }

    private string? ReadTime(ref Utf8JsonReader reader, ref DateTime utc)
    {
        var isTime = reader.TokenType switch
        {
            JsonTokenType.String => Times.TryParsePlain(reader.ValueSpan, out utc) || (Times.TryParse(reader.ValueSpan, out var time) && (utc = time.UtcDateTime) == time.UtcDateTime),
            JsonTokenType.Number => reader.TryGetInt64(out var milliseconds) && Times.FromUnixMilliseconds(milliseconds, out utc),
            _ => false,
        };
        return !isTime ? ObservationReader.NoTime
            : utc > _newest.UtcDateTime ? $"is more than {IngestService.MaxAhead.TotalMinutes:0} minutes ahead" : null;
    }

    /// <summary>The beginning of what is too long, and a mark that says so.</summary>
    private ReadOnlySpan<byte> Shortened(ReadOnlySpan<byte> message)
    {
        if (message.Length <= MaxMessage)
        {
            return message;
        }

        Cut++;
        var end = MaxMessage;
        while ((message[end] & 0xC0) == 0x80) // within a character
        {
            end--;
        }

        return (byte[])[.. message[..end], .. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"… (cut: {message.Length} bytes in all)"))];
    }
}
