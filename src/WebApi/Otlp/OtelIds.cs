using System.Buffers;

namespace Bayou.Otlp;

/// <summary>Ids of traces (16 bytes) and of spans (8).</summary>
internal static class OtelIds
{
    /// <summary>Writes an id as W3C's trace context does.</summary>
    /// <returns>False where it has another length, or is all zeros, which is none.</returns>
    public static bool TryHex(ReadOnlySpan<byte> id, Span<byte> hex) => id.Length * 2 == hex.Length && id.ContainsAnyExcept((byte)0)
        && Convert.TryToHexStringLower(id, hex, out _);
}
