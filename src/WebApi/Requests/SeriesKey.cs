using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Bayou.Requests;

/// <summary>A series as senders write it: project, origin, service, method and route in UTF-8, by which it is found without making strings.</summary>
internal static class SeriesKey
{
    public const int Longest = 512;
    private const int Overhead = 4 + 2 + 1 + 1;

    /// <returns>How many bytes it is; 0 when it is too long to be worth remembering, or not written plainly.</returns>
    public static int Write(Span<byte> key, int project, SeriesOrigin origin, in PlainItem item)
    {
        var service = item.Service;
        var method = item.Method;
        var route = item.Route;
        if (service.IsEmpty || method.IsEmpty || method.Length > byte.MaxValue || route.IsEmpty || service.Length + method.Length
            + route.Length > Longest - Overhead)
        {
            return 0;
        }

        // Lengths before texts, so that no two keys can be written alike.
        BinaryPrimitives.WriteInt32LittleEndian(key, project);
        BinaryPrimitives.WriteUInt16LittleEndian(key[4..], (ushort)service.Length);
        key[6] = (byte)method.Length;
        key[7] = (byte)origin;
        service.CopyTo(key[Overhead..]);
        method.CopyTo(key[(Overhead + service.Length)..]);
        route.CopyTo(key[(Overhead + service.Length + method.Length)..]);
        return Overhead + service.Length + method.Length + route.Length;
    }
}

/// <summary>
/// Looks byte arrays up by spans. Its hash is the runtime's keyed one of strings (Marvin32), with a key that is drawn when the process starts and never shown:
/// a sender who chooses services and routes cannot choose which of them share a bucket.
/// </summary>
internal sealed class Utf8Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        var hash = string.GetHashCode(MemoryMarshal.Cast<byte, char>(alternate));
        if (int.IsOddInteger(alternate.Length))
        {
            // Hash the odd last byte together with the rest's hash, keyed again. If it were added, a sender could choose how hashes differ.
            hash = string.GetHashCode([(char)hash, (char)(hash >> 16), (char)alternate[^1]]);
        }

        return hash;
    }
}
