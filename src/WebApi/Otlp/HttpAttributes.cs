namespace Bayou.Otlp;

/// <summary>
/// What a span's attributes say of an HTTP request, by the names of now and those of before
/// (https://opentelemetry.io/docs/specs/semconv/http/http-spans).
/// </summary>
internal ref struct HttpAttributes
{
    public ReadOnlySpan<byte> Method;

    /// <summary>A template; empty for none.</summary>
    public ReadOnlySpan<byte> Route;

    /// <summary>Raw; with a query perhaps.</summary>
    public ReadOnlySpan<byte> Path;

    public long Status;

    public long RequestBytes;

    public long ResponseBytes;

    public ReadOnlySpan<byte> ClientAddress;

    /// <summary>Whether it says enough for a request to be counted.</summary>
    public readonly bool IsRequest => !Method.IsEmpty && Status is >= 100 and <= 599 && !(Route.IsEmpty && Path.IsEmpty);

    /// <exception cref="InvalidDataException">It is no protobuf.</exception>
    public void Read(ReadOnlySpan<byte> keyValue)
    {
        AttributeWriter.Split(keyValue, out var key, out var value);
        if (key.StartsWith("http."u8))
        {
            ReadHttp(key[5..], value);
        }
        else if (key.SequenceEqual("url.path"u8))
        {
            Path = AttributeWriter.TextOf(value);
        }
        else if (key.SequenceEqual("client.address"u8))
        {
            ClientAddress = AttributeWriter.TextOf(value);
        }
    }

    private void ReadHttp(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual("request.method"u8) || (key.SequenceEqual("method"u8) && Method.IsEmpty))
        {
            Method = AttributeWriter.TextOf(value);
        }
        else if (key.SequenceEqual("route"u8))
        {
            Route = AttributeWriter.TextOf(value);
        }
        else if (key.SequenceEqual("response.status_code"u8) || (key.SequenceEqual("status_code"u8) && Status == 0))
        {
            Status = AttributeWriter.NumberOf(value) ?? 0;
        }
        else if ((key.SequenceEqual("target"u8) || key.SequenceEqual("url"u8)) && Path.IsEmpty)
        {
            Path = AttributeWriter.TextOf(value);
        }
        else if (key.SequenceEqual("request.body.size"u8) || key.SequenceEqual("request_content_length"u8))
        {
            RequestBytes = AttributeWriter.NumberOf(value) ?? 0;
        }
        else if (key.SequenceEqual("response.body.size"u8) || key.SequenceEqual("response_content_length"u8))
        {
            ResponseBytes = AttributeWriter.NumberOf(value) ?? 0;
        }
        else if (key.SequenceEqual("client_ip"u8) && ClientAddress.IsEmpty)
        {
            ClientAddress = AttributeWriter.TextOf(value);
        }
    }
}
