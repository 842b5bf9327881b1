using System.Buffers;
using Bayou.Metrics;

namespace Bayou.Ingest;

/// <summary>
/// One journal row's content: a format byte, then for each window its series, its start in minutes since the
/// epoch, the length of its figures and these, all numbers as varints.
/// </summary>
internal static class JournalPayload
{
    private const byte Format = 1;

    /// <summary>Merges what several senders brought for the same window.</summary>
    public static Dictionary<WindowKey, byte[]> Merge(IReadOnlyList<Submission> submissions)
    {
        var merged = new Dictionary<WindowKey, WindowFigures>();
        var owned = new HashSet<WindowKey>();
        foreach (var (key, figures) in submissions.SelectMany(s => s.Windows))
        {
            if (!merged.TryGetValue(key, out var sum))
            {
                merged[key] = figures;
                continue;
            }

            if (owned.Add(key))
            {
                // The first is a sender's own and must survive for a second try.
                var copy = new WindowFigures();
                copy.Merge(sum);
                merged[key] = sum = copy;
            }

            sum.Merge(figures);
        }

        return merged.ToDictionary(pair => pair.Key, pair => pair.Value.ToBytes());
    }

    public static byte[] Encode(Dictionary<WindowKey, byte[]> windows)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        output.Write([Format]);
        foreach (var (key, figures) in windows)
        {
            Varint.Write(output, key.SeriesId);
            Varint.Write(output, key.StartUnix / WindowKey.Seconds);
            Varint.Write(output, figures.Length);
            output.Write(figures);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <exception cref="InvalidDataException">The payload is not in a known format.</exception>
    public static Dictionary<WindowKey, byte[]> Decode(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty || payload[0] != Format)
        {
            throw new InvalidDataException($"A journal row in format {(payload.IsEmpty ? -1 : payload[0])}; this version reads {Format}.");
        }

        payload = payload[1..];
        var windows = new Dictionary<WindowKey, byte[]>();
        while (!payload.IsEmpty)
        {
            var key = new WindowKey((int)Varint.Read(ref payload), Varint.Read(ref payload) * WindowKey.Seconds);
            var length = (int)Varint.Read(ref payload);
            if (length > payload.Length)
            {
                throw new InvalidDataException("A journal row is cut short.");
            }

            windows[key] = payload[..length].ToArray();
            payload = payload[length..];
        }

        return windows;
    }
}
