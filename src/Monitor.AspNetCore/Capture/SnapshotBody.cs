using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Bayou.Monitor.Capture;

/// <summary>Captured requests as <c>POST /ingest/v1/snapshots</c> takes them, without what is secret in them.</summary>
internal sealed class SnapshotBody(string service, string? version, CaptureOptions options) : IBatchBody<CapturedRequest>
{
    private readonly Redactor _redactor = new(options.RedactNames, options.RedactPaths, options.Redact);

    public string Name => "snapshots";

    public int SizeOf(in CapturedRequest item) => item.Size;

    public void Write(Utf8JsonWriter json, in CapturedRequest item)
    {
        var query = item.Target.IndexOf('?', StringComparison.Ordinal);
        json.WriteStartObject();
        json.WriteString("service", service);
        json.WriteString("method", item.Method);
        json.WriteString("path", _redactor.Path(query < 0 ? item.Target : item.Target[..query], item.Route));
        if (item.Route != RouteNames.Unmatched)
        {
            json.WriteString("route", item.Route);
        }

        WriteText(json, "query", query < 0 ? null : _redactor.Query(item.Target[(query + 1)..]));
        WriteHeaders(json, "headers", item.Headers);
        WriteBody(json, "", item.Body);
        json.WriteNumber("status_code", item.Status);
        WriteHeaders(json, "response_headers", item.ResponseHeaders);
        WriteBody(json, "response_", item.ResponseBody);
        WriteText(json, "error", item.Error is null ? null : _redactor.Text(item.Error));
        json.WriteNumber("duration", item.DurationMicros / 1000.0);
        json.WriteNumber("time", item.UnixMilliseconds);
        WriteText(json, "trace_id", item.TraceId);
        WriteText(json, "user_id", item.User);
        WriteText(json, "version", version);
        WriteText(json, "stage", options.Stage);
        WriteText(json, "client_address", item.Address); // Bayou looks up where it is, and keeps no more than that.
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? value)
    {
        if (value is { Length: > 0 })
        {
            json.WriteString(name, Encoding.UTF8.GetBytes(value)); // Half a surrogate pair becomes U+FFFD.
        }
    }

    private void WriteHeaders(Utf8JsonWriter json, string name, KeyValuePair<string, string>[] headers)
    {
        json.WriteStartObject(name);
        foreach (var (header, value) in headers)
        {
            WriteText(json, header, _redactor.Header(header, value));
        }

        json.WriteEndObject();
    }

    private void WriteBody(Utf8JsonWriter json, string prefix, CapturedBody body)
    {
        var (text, isCut) = TextOf(body);
        WriteText(json, $"{prefix}body", body.IsText ? _redactor.Body(isCut ? Redactor.WithoutEnd(text) : text, body.Type) : text);
        if (isCut)
        {
            json.WriteBoolean($"{prefix}body_truncated", true);
        }
    }

    /// <summary>What is no text is only described, and so counts as cut.</summary>
    internal (string Text, bool IsCut) TextOf(CapturedBody body)
    {
        if (body.Length == 0)
        {
            return ("", !body.IsWhole);
        }

        if (body.IsText && Decoded(body) is var (bytes, isCut) && IsUtf8(bytes, isCut, out var text))
        {
            return (text, isCut);
        }

        var hash = body.Hash is null ? "" : $", sha256 {Convert.ToHexStringLower(body.Hash)}";
        return ($"[binary {(body.Type is { Length: > 0 } type ? type : "of no type")}, {body.Length} bytes{hash}]", true);
    }

    private (byte[] Bytes, bool IsCut)? Decoded(CapturedBody body)
    {
        var isCut = body.Length > body.Bytes.Length || !body.IsWhole;
        using var stream = new MemoryStream(body.Bytes);
        using Stream? decoding = body.Encoding?.ToLowerInvariant() switch
        {
            null or "" or "identity" => stream,
            "gzip" or "x-gzip" => new GZipStream(stream, CompressionMode.Decompress),
            "br" => new BrotliStream(stream, CompressionMode.Decompress),
            "deflate" => new ZLibStream(stream, CompressionMode.Decompress),
            _ => null,
        };
        if (decoding is null || ReferenceEquals(decoding, stream))
        {
            return decoding is null ? null : (body.Bytes, isCut);
        }

        var bytes = new byte[options.MaxBodyBytes + 1];
        var length = 0;
        try
        {
            // One by one: of what is cut, all that came before is wanted.
            for (int read; length < bytes.Length && (read = decoding.Read(bytes, length, bytes.Length - length)) > 0;)
            {
                length += read;
            }
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException or EndOfStreamException)
        {
            if (length == 0)
            {
                return null;
            }

            isCut = true;
        }

        return (bytes[..Math.Min(length, options.MaxBodyBytes)], isCut || length > options.MaxBodyBytes);
    }

    private static bool IsUtf8(byte[] bytes, bool isCut, out string text)
    {
        var length = bytes.Length;
        for (var at = 1; isCut && at <= 3 && at <= length; at++) // It may end within a character.
        {
            var lead = bytes[length - at];
            if (lead >= 0xC0)
            {
                length -= at < (lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2) ? at : 0;
                break;
            }
        }

        var isUtf8 = System.Text.Unicode.Utf8.IsValid(bytes.AsSpan(0, length)) && bytes.AsSpan(0, length).IndexOf((byte)0) < 0;
        text = isUtf8 ? Encoding.UTF8.GetString(bytes, 0, length) : "";
        return isUtf8;
    }
}
