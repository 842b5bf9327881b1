using System.IO.Compression;
using System.Text.Json;

namespace Bayou.Monitor;

/// <summary>How things of a kind are sent to Bayou.</summary>
internal interface IBatchBody<T>
{
    /// <summary>What they are; the last part of the address that takes them.</summary>
    string Name { get; }

    /// <summary>Bytes that one takes, roughly.</summary>
    int SizeOf(in T item);

    /// <summary>Writes one as an object.</summary>
    void Write(Utf8JsonWriter json, in T item);
}

internal static class BatchBody
{
    /// <summary>A batch as Bayou takes it: a JSON array, gzip. The same bytes each time it is tried: Bayou tells a repeat by its key and its body.</summary>
    public static byte[] Of<T>(IBatchBody<T> format, IReadOnlyList<T> batch)
    {
        using var body = new MemoryStream(4_096);
        using (var gzip = new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true))
        using (var json = new Utf8JsonWriter(gzip))
        {
            json.WriteStartArray();
            foreach (var item in batch)
            {
                format.Write(json, item);
            }

            json.WriteEndArray();
        }

        return body.ToArray();
    }
}
