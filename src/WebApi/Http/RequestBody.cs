using System.Buffers;
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
        if (request.ContentLength > maxBytes)
        {
            return ([], TooLarge(maxBytes));
        }

        Stream stream;
        switch (encoding)
        {
            case "" or "identity":
                stream = request.Body;
                break;
            case "gzip":
                stream = new GZipStream(request.Body, CompressionMode.Decompress);
                break;
            case "br":
                stream = new BrotliStream(request.Body, CompressionMode.Decompress);
                break;
            default:
                return ([], Refused("content-encoding", "is not one of gzip, br, identity (one at a time)"));
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(maxBytes, Math.Max(16 * 1024, request.ContentLength ?? 0)) + 1);
        try
        {
            var length = 0;
            while (true)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(length), ct);
                if (read == 0)
                {
                    return (new(buffer, 0, length), null);
                }

                length += read;
                if (length > maxBytes)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    return ([], TooLarge(maxBytes));
                }

                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(Math.Min(maxBytes + 1, buffer.Length * 2));
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException || (e is InvalidOperationException && encoding == "br"))
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return ([], ApiProblem.Validation("The body cannot be decompressed.", new FieldError("body", $"is not valid {encoding}, or is cut short")));
        }
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
