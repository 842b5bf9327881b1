using System.Buffers;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Bayou.Monitor.Capture;

/// <summary>
/// What was kept of a body: its beginning, empty for what is no text; the length of all that passed, and whether that is all there was; and the SHA-256 of
/// what is no text, unless it is too long for that.
/// </summary>
internal sealed record CapturedBody(byte[] Bytes, long Length, string? Type, string? Encoding, bool IsText, byte[]? Hash, bool IsWhole)
{
    public static readonly CapturedBody None = new([], 0, null, null, true, null, true);

    /// <summary>One that nobody saw.</summary>
    public static readonly CapturedBody Unknown = None with { IsWhole = false };
}

/// <summary>Keeps the beginning of a body that passes by: nothing waits for it, and no more is held than may be kept.</summary>
internal sealed class BodyTap(HttpContext http, bool isAnswer, int most)
{
    private const int FirstBytes = 1_024;
    private const long MostHashed = 1_048_576; // Of longer ones the hash would cost more than it tells.

    private byte[] _kept = [];
    private int _length;
    private IncrementalHash? _hash;
    private bool? _isText;
    private readonly Lock _gate = new(); // An application may read or write on while its request ends.
    private bool _isSkipped;
    private bool _isAtEnd;
    private bool _isReleased;

    private string? Type => isAnswer ? http.Response.ContentType : http.Request.ContentType;

    public long Total { get; private set; }

    /// <summary>Whether all of it passed: an application need not read what it was sent.</summary>
    private bool IsWhole => isAnswer || (http.Request.ContentLength is { } length ? length == Total : _isAtEnd);

    /// <summary>Notes that nothing comes after.</summary>
    public void End() => _isAtEnd = true;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (!bytes.IsEmpty && !_isReleased)
            {
                Keep(bytes);
            }
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        Total += bytes.Length;
        _isText ??= IsTextType(Type);
        if (_isText == false)
        {
            Hash(bytes);
            return;
        }

        var taken = Math.Min(bytes.Length, most - _length);
        if (taken > 0)
        {
            Enlarge(_length + taken);
            bytes[..taken].CopyTo(_kept.AsSpan(_length));
            _length += taken;
        }
    }

    /// <summary>Notes what passes without being seen, as a file that the server sends by itself: it is only described.</summary>
    public void Skip(long bytes)
    {
        lock (_gate)
        {
            Total += bytes;
            (_isText, _length) = (false, 0);
            _hash?.Dispose();
            _hash = null;
            _isSkipped = true;
        }
    }

    /// <summary>What was kept, for as long as it is wanted.</summary>
    public CapturedBody Take()
    {
        lock (_gate)
        {
            return Total == 0 && IsWhole ? CapturedBody.None : new(
                _kept.AsSpan(0, _length).ToArray(), Total, Type,
                (isAnswer ? http.Response.Headers : http.Request.Headers).ContentEncoding, _isText != false, _hash?.GetHashAndReset(), IsWhole);
        }
    }

    public void Release()
    {
        lock (_gate)
        {
            _isReleased = true;
            _hash?.Dispose();
            _hash = null;
            if (_kept.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_kept);
                _kept = [];
            }
        }
    }

    /// <summary>Whether a body of a type can be read; one that says no type is looked at.</summary>
    internal static bool IsTextType(string? type)
    {
        var kind = type.AsSpan();
        kind = (kind.IndexOf(';') is >= 0 and var end ? kind[..end] : kind).Trim();
        return kind.IsEmpty || kind.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
            || kind.EndsWith("json", StringComparison.OrdinalIgnoreCase) || kind.EndsWith("xml", StringComparison.OrdinalIgnoreCase)
            || kind.EndsWith("yaml", StringComparison.OrdinalIgnoreCase) || kind.EndsWith("javascript", StringComparison.OrdinalIgnoreCase)
            || kind.EndsWith("x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) || kind.EndsWith("graphql", StringComparison.OrdinalIgnoreCase)
            || kind.EndsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase);
    }

    private void Hash(ReadOnlySpan<byte> bytes)
    {
        if (Total <= MostHashed && !_isSkipped)
        {
            (_hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256)).AppendData(bytes);
            return;
        }

        _hash?.Dispose();
        _hash = null;
    }

    private void Enlarge(int length)
    {
        if (_kept.Length >= length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstBytes, Math.Min(2 * length, most)));
        _kept.AsSpan(0, _length).CopyTo(larger);
        if (_kept.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_kept);
        }

        _kept = larger;
    }
}
