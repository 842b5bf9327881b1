using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace Bayou.Http;

/// <summary>Reads a whole body, decompressed, up to a limit that holds before and after decompression.</summary>
internal static class RequestBody
{
    public static readonly string[] Types = ["application/json", "application/x-ndjson", "application/ndjson", "application/jsonl"];

    /// <summary>The body (its array is rented: give it back), or why there is none.</summary>
    public static async Task<(ArraySegment<byte> Body, ApiProblem? Problem)> ReadAsync(HttpContext http, int maxBytes, CancellationToken ct)
    {
        var request = http.Request;
        if (!IsKnownType(request.ContentType))
        {
            return ([], Refused("content-type", $"is not one of {string.Join(", ", Types)}"));
        }

        var encoding = request.Headers.ContentEncoding.ToString().Trim().ToLowerInvariant();
        if (encoding is not ("" or "identity" or "gzip" or "br"))
        {
            return ([], Refused("content-encoding", "is not one of gzip, br, identity (one at a time)"));
        }

        if (request.ContentLength > maxBytes || await ReadAllAsync(request.Body, request.ContentLength ?? 0, maxBytes, ct) is not { } raw)
        {
            return ([], TooLarge(maxBytes));
        }

        if (encoding is "" or "identity")
        {
            return (raw, null);
        }

        try
        {
            var decoded = encoding == "gzip" ? await GunzipAsync(raw, maxBytes, ct) : Unbrotli(raw, maxBytes);
            return decoded is { } body ? (body, null) : ([], TooLarge(maxBytes));
        }
        catch (InvalidDataException)
        {
            return ([], ApiProblem.Validation("The body cannot be decompressed.", new FieldError("body", $"is not valid {encoding}, or is cut short")));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(raw.Array!);
        }
    }

    /// <returns>Null when there is more than the limit.</returns>
    private static async Task<ArraySegment<byte>?> ReadAllAsync(Stream stream, long expected, int maxBytes, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(expected, 16 * 1024, maxBytes) + 1);
        try
        {
            for (var length = 0; ;)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(length), ct);
                if (read == 0)
                {
                    var whole = new ArraySegment<byte>(buffer, 0, length);
                    buffer = null;
                    return whole;
                }

                length += read;
                if (length > maxBytes)
                {
                    return null;
                }

                buffer = Enlarge(buffer, length, maxBytes);
            }
        }
        finally
        {
            if (buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    /// <exception cref="InvalidDataException">It is not gzip, not one member, or cut short.</exception>
    private static async Task<ArraySegment<byte>?> GunzipAsync(ArraySegment<byte> raw, int maxBytes, CancellationToken ct)
    {
        using var compressed = new MemoryStream(raw.Array!, raw.Offset, raw.Count);
        await using var stream = new GZipStream(compressed, CompressionMode.Decompress);
        var body = await ReadAllAsync(stream, raw.Count * 8L, maxBytes, ct);

        // The stream takes an early end for the end. The last four bytes of gzip say how long it is (RFC 1952).
        if (body is { } whole && (raw.Count < 18 || BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan()[^4..]) != (uint)whole.Count))
        {
            ArrayPool<byte>.Shared.Return(whole.Array!);
            throw new InvalidDataException("The gzip body is cut short.");
        }

        return body;
    }

    /// <exception cref="InvalidDataException">It is not brotli, or cut short.</exception>
    private static ArraySegment<byte>? Unbrotli(ArraySegment<byte> raw, int maxBytes)
    {
        var decoder = new BrotliDecoder();
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(raw.Count * 8L, 16 * 1024, maxBytes) + 1);
        try
        {
            for (int from = 0, length = 0; ;)
            {
                var status = decoder.Decompress(raw.AsSpan(from), buffer.AsSpan(length), out var consumed, out var written);
                from += consumed;
                length += written;
                if (length > maxBytes)
                {
                    return null;
                }

                switch (status)
                {
                    case OperationStatus.Done:
                        var whole = new ArraySegment<byte>(buffer, 0, length);
                        buffer = null;
                        return whole;
                    case OperationStatus.DestinationTooSmall:
                        buffer = Enlarge(buffer, length, maxBytes);
                        break;
                    default:
                        throw new InvalidDataException("The brotli body is not valid, or cut short.");
                }
            }
        }
        finally
        {
            decoder.Dispose();
            if (buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    /// <summary>A larger buffer once this one is full; never much larger than the limit.</summary>
    private static byte[] Enlarge(byte[] buffer, int length, int maxBytes)
    {
        if (length == buffer.Length)
        {
            RentedArray.Enlarge(ref buffer, length, (int)Math.Min(maxBytes + 1L, buffer.Length * 2L));
        }

        return buffer;
    }

    private static bool IsKnownType(string? contentType)
    {
        var type = (contentType ?? "").Split(';')[0].Trim();
        return type.Length == 0 || Types.Contains(type, StringComparer.OrdinalIgnoreCase);
    }

    private static ApiProblem Refused(string header, string message) =>
        ApiProblem.OfStatus(StatusCodes.Status415UnsupportedMediaType) with { Details = [new(header, message)] };

    private static ApiProblem TooLarge(int maxBytes) => ApiProblem.OfStatus(StatusCodes.Status413PayloadTooLarge) with
    {
        Details = [new("body", $"is larger than {maxBytes} bytes; send smaller batches")],
    };
}

/// <summary>What an address takes as its body, for the API's document; the handler itself decides what it refuses.</summary>
internal sealed record BodySpec(IReadOnlyList<string> Types, string Meaning, Type Item);
