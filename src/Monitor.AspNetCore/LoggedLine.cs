using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Bayou.Monitor;

/// <summary>
/// One line of the application's log, as it waits to be sent: message in UTF-8, meta as JSON, empty for none. What it was made of may change or be
/// reused once it is logged.
/// </summary>
internal readonly record struct LoggedLine(string Source, LogLevel Level, byte[] Message, byte[] Meta, string? TraceId, long UnixMilliseconds);

/// <summary>Lines as <c>POST /ingest/v1/logs</c> takes them.</summary>
internal sealed class LineBody(string service) : IBatchBody<LoggedLine>
{
    private static readonly JsonEncodedText SourceName = JsonEncodedText.Encode("source"), ServiceName = JsonEncodedText.Encode("service"),
        LevelName = JsonEncodedText.Encode("level"),
        MessageName = JsonEncodedText.Encode("message"), MetaName = JsonEncodedText.Encode("meta"), TraceIdName = JsonEncodedText.Encode("trace_id"),
        TimeName = JsonEncodedText.Encode("time");

    private static readonly JsonEncodedText[] Levels =
        [.. new[] { "trace", "debug", "info", "warn", "error", "fatal" }.Select(name => JsonEncodedText.Encode(name))];

    private readonly JsonEncodedText _service = JsonEncodedText.Encode(service);

    public string Name => "logs";

    public int SizeOf(in LoggedLine item) => 200 + item.Message.Length + item.Meta.Length;

    public void Write(Utf8JsonWriter json, in LoggedLine item)
    {
        json.WriteStartObject();
        json.WriteString(SourceName, item.Source);
        json.WriteString(ServiceName, _service);
        json.WriteString(LevelName, Levels[(int)item.Level]);
        json.WriteString(MessageName, item.Message);
        json.WriteNumber(TimeName, item.UnixMilliseconds);
        if (item.TraceId is { } trace)
        {
            json.WriteString(TraceIdName, trace);
        }

        if (item.Meta.Length > 0)
        {
            json.WritePropertyName(MetaName);
            json.WriteRawValue(item.Meta, skipInputValidation: true);
        }

        json.WriteEndObject();
    }
}
