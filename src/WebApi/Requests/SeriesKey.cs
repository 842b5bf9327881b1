using System.Buffers.Binary;
using System.Numerics;

namespace Bayou.Requests;

/// <summary>A series as senders write it: project, service, method and route in UTF-8, by which it is found without making strings.</summary>
internal static class SeriesKey
{
    public const int Longest = 512;
    private const int Overhead = 4 + 2 + 1;

    /// <returns>How many bytes it is; 0 when it is too long to be worth remembering, or not written plainly.</returns>
    public static int Write(Span<byte> key, int project, in PlainItem item)
    {
        var service = item.Service;
        var method = item.Method;
        var route = item.Route;
        if (service.IsEmpty || method.IsEmpty || method.Length > byte.MaxValue || route.IsEmpty || service.Length + method.Length + route.Length > Longest - Overhead)
        {
            return 0;
        }

        // Lengths before texts, so that no two keys can be written alike.
        BinaryPrimitives.WriteInt32LittleEndian(key, project);
        BinaryPrimitives.WriteUInt16LittleEndian(key[4..], (ushort)service.Length);
        key[6] = (byte)method.Length;
        service.CopyTo(key[Overhead..]);
        method.CopyTo(key[(Overhead + service.Length)..]);
        route.CopyTo(key[(Overhead + service.Length + method.Length)..]);
        return Overhead + service.Length + method.Length + route.Length;
    }
}

/// <summary>Looks byte arrays up by spans; its hash is seeded, so that no sender can choose keys that collide.</summary>
internal sealed class Utf8Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    private const ulong Prime = 0x9E3779B97F4A7C15; // 2^64 / golden ratio, as Fibonacci hashing has it (Knuth, TAOCP 6.4)
    private readonly ulong _seed = (ulong)Random.Shared.NextInt64();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        var hash = _seed ^ ((ulong)alternate.Length * Prime);
        for (; alternate.Length >= sizeof(ulong); alternate = alternate[sizeof(ulong)..])
        {
            hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(alternate));
        }

        foreach (var rest in alternate)
        {
            hash = Mix(hash, rest);
        }

        return (int)(hash >> 32);
    }

    private static ulong Mix(ulong hash, ulong next) => BitOperations.RotateLeft((hash ^ next) * Prime, 29);
}
