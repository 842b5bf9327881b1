using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;

namespace Bayou.Http;

/// <summary>Reads whole bodies, decompressed, up to a limit that holds before and after decompression.</summary>
internal sealed class RequestBody(BodyBudget budget) : IDisposable
{
    // A beacon of a page is text; what it is shows when it is read.
    public static readonly string[] Types = ["application/json", "application/x-ndjson", "application/ndjson", "application/jsonl", "text/plain"];

    private static readonly byte[] LastText = RandomNumberGenerator.GetBytes(16);
    private static readonly byte[] LastMember = Gzip(LastText);

    // A bomb is small for the network and heavy for a core; one is left for everything else.
    private readonly SemaphoreSlim _decompressing = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>The body, to be disposed of, or why there is none.</summary>
    /// <param name="types">Which it may be of; null for JSON and texts, or one that is not named.</param>
    public async Task<(BodyBuffer? Body, ApiProblem? Problem)> ReadAsync(
        HttpContext http, int maxBytes, CancellationToken ct, IReadOnlyList<string>? types = null)
    {
        var request = http.Request;
        if (!IsOf(types ?? Types, request.ContentType, orNone: types is null))
        {
            return (null, Refused("content-type", $"is not one of {string.Join(", ", types ?? Types)}"));
        }

        var encoding = request.Headers.ContentEncoding.ToString().Trim().ToLowerInvariant();
        if (encoding is not ("" or "identity" or "gzip" or "br"))
        {
            return (null, Refused("content-encoding", "is not one of gzip, br, identity (one at a time)"));
        }

        if (request.ContentLength > maxBytes)
        {
            return (null, TooLarge(maxBytes));
        }

        var raw = new BodyBuffer(budget);
        try
        {
            var problem = await FillAsync(raw, request.Body, request.ContentLength, maxBytes, ct);
            if (problem is not null || encoding is "" or "identity")
            {
                return problem is null ? (Keep(ref raw), null) : (null, problem);
            }

            await _decompressing.WaitAsync(ct);
            try
            {
                return await DecompressAsync(raw, encoding, maxBytes, ct);
            }
            finally
            {
                _decompressing.Release();
            }
        }
        catch (IOException e) when (e is not BadHttpRequestException && !ct.IsCancellationRequested) // Its connection broke, or its chunks are none.
        {
            return (null, ApiProblem.Validation("The body cannot be read.", new FieldError("body", "is cut short, or not sent as HTTP has it")));
        }
        finally
        {
            raw?.Dispose();
        }
    }

    public void Dispose() => _decompressing.Dispose();

    private static BodyBuffer Keep(ref BodyBuffer? buffer)
    {
        var kept = buffer!;
        buffer = null;
        return kept;
    }

    /// <summary>Reads to the end of a stream.</summary>
    /// <param name="length">Where that is known: nothing is read after it.</param>
    private static async Task<ApiProblem?> FillAsync(BodyBuffer buffer, Stream stream, long? length, int maxBytes, CancellationToken ct)
    {
        var most = (int)(length ?? (maxBytes + 1L));
        if (!buffer.TryEnlarge(Math.Clamp(most, 1, BodyBudget.Small))) // no more before any of it has arrived
        {
            return Busy;
        }

        while (buffer.Length < most)
        {
            if (buffer.Free.IsEmpty && !buffer.TryEnlarge((int)Math.Min(most, buffer.Length * 2L)))
            {
                return Busy;
            }

            var read = await stream.ReadAsync(buffer.Free, ct);
            if (read == 0)
            {
                break;
            }

            buffer.Advance(read);
        }

        return buffer.Length > maxBytes ? TooLarge(maxBytes) : null;
    }

    private async Task<(BodyBuffer? Body, ApiProblem? Problem)> DecompressAsync(BodyBuffer raw, string encoding, int maxBytes, CancellationToken ct)
    {
        var body = new BodyBuffer(budget);
        try
        {
            var problem = encoding == "gzip" ? await GunzipAsync(raw, body, maxBytes, ct) : Unbrotli(raw.Bytes.Span, body, maxBytes);
            return problem is null ? (Keep(ref body), null) : (null, problem);
        }
        catch (InvalidDataException)
        {
            return (null, ApiProblem.Validation("The body cannot be decompressed.", new FieldError("body", $"is not valid {encoding}, or is cut short")));
        }
        finally
        {
            body?.Dispose();
        }
    }

    /// <summary>All members of a gzip body (RFC 1952, 2.2), each with its length and checksum.</summary>
    /// <exception cref="InvalidDataException">It is not gzip, or cut short.</exception>
    private static async Task<ApiProblem?> GunzipAsync(BodyBuffer raw, BodyBuffer body, int maxBytes, CancellationToken ct)
    {
        // The framework takes an early end for the end. So one more member is put behind, with a text that nobody else knows: only
        // where all before it is whole can that be read as one.
        if (raw.Free.Length < LastMember.Length && !raw.TryEnlarge(raw.Length + LastMember.Length))
        {
            return Busy;
        }

        LastMember.CopyTo(raw.Free);
        raw.Advance(LastMember.Length);
        await using var stream = new GZipStream(raw.AsStream(), CompressionMode.Decompress);
        if (await FillAsync(body, stream, null, maxBytes + LastText.Length, ct) is { } problem)
        {
            return problem.Status == StatusCodes.Status413PayloadTooLarge ? TooLarge(maxBytes) : problem;
        }

        if (!body.Bytes.Span.EndsWith(LastText))
        {
            throw new InvalidDataException("The gzip body is cut short.");
        }

        body.Advance(-LastText.Length);
        return null;
    }

    /// <exception cref="InvalidDataException">It is not brotli, or cut short.</exception>
    private static ApiProblem? Unbrotli(ReadOnlySpan<byte> raw, BodyBuffer body, int maxBytes)
    {
        using var decoder = new BrotliDecoder();
        for (var size = BodyBudget.Small; ; size = (int)Math.Min(maxBytes + 1L, size * 2L))
        {
            if (!body.TryEnlarge(size))
            {
                return Busy;
            }

            var status = decoder.Decompress(raw, body.Free.Span, out var consumed, out var written);
            raw = raw[consumed..];
            body.Advance(written);
            if (body.Length > maxBytes)
            {
                return TooLarge(maxBytes);
            }

            if (status != OperationStatus.DestinationTooSmall)
            {
                return status == OperationStatus.Done ? null : throw new InvalidDataException("The brotli body is not valid, or cut short.");
            }
        }
    }

    private static byte[] Gzip(byte[] text)
    {
        using var output = new MemoryStream();
        using (var stream = new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(text);
        }

        return output.ToArray();
    }

    private static bool IsOf(IReadOnlyList<string> types, string? contentType, bool orNone)
    {
        var type = (contentType ?? "").Split(';')[0].Trim();
        return (orNone && type.Length == 0) || types.Contains(type, StringComparer.OrdinalIgnoreCase);
    }

    private static ApiProblem Busy => ApiProblem.Unavailable("Too much is being sent at once. Send it again.");

    private static ApiProblem Refused(string header, string message) =>
        ApiProblem.OfStatus(StatusCodes.Status415UnsupportedMediaType) with { Details = [new(header, message)] };

    private static ApiProblem TooLarge(int maxBytes) => ApiProblem.OfStatus(StatusCodes.Status413PayloadTooLarge) with
    {
        Details = [new("body", $"is larger than {maxBytes} bytes; send smaller batches")],
    };
}

/// <summary>Marks a record that stands for what is sent: what may be null in it may be absent.</summary>
internal interface IBody;

/// <summary>What an address takes as its body, for the API's document; the handler itself decides what it refuses.</summary>
internal sealed record BodySpec(IReadOnlyList<string> Types, string Meaning, Type Item);
