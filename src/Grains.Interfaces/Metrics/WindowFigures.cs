using System.Buffers;

namespace Bayou.Metrics;

/// <summary>
/// What is known of a set of observations: counts, sums and the latency sketch. Merging is exact, so figures of
/// many windows, endpoints or batches add up to what all their observations together would give. Not thread-safe.
/// </summary>
public sealed class WindowFigures
{
    private const byte Format = 1;

    private Tally _statuses;
    private Tally _countries;

    public LatencySketch Latency { get; } = new();

    /// <summary>Observations by status code, ascending.</summary>
    public IEnumerable<KeyValuePair<int, long>> Statuses
    {
        get
        {
            for (var i = 0; i < _statuses.Length; i++)
            {
                yield return new(_statuses[i].Code, _statuses[i].Count);
            }
        }
    }

    /// <summary>Observations by two-letter country code, where one was given, ascending.</summary>
    public IEnumerable<KeyValuePair<string, long>> Countries
    {
        get
        {
            for (var i = 0; i < _countries.Length; i++)
            {
                yield return new(CountryCode.Text(_countries[i].Code), _countries[i].Count);
            }
        }
    }

    public long RequestBytes { get; private set; }

    public long ResponseBytes { get; private set; }

    public long DurationSumMicros { get; private set; }

    public long DurationMaxMicros { get; private set; }

    public long Count => Latency.Count;

    /// <summary>A quantile of the durations in microseconds, within 1 % and never above the longest.</summary>
    public double Quantile(double q) => Math.Min(Latency.Quantile(q), DurationMaxMicros);

    /// <summary>Observations with a status of 500 or more.</summary>
    public long Errors => CountOfClass(5);

    /// <summary>Errors as a part of all, 0 to 1; 0 of none.</summary>
    public double ErrorRate => Count == 0 ? 0 : (double)Errors / Count;

    /// <summary>The mean duration; 0 of none.</summary>
    public double AverageMicros => Count == 0 ? 0 : (double)DurationSumMicros / Count;

    /// <param name="statusClass">1 to 5, for 1xx to 5xx.</param>
    public long CountOfClass(int statusClass)
    {
        var count = 0L;
        for (var i = 0; i < _statuses.Length; i++)
        {
            count += _statuses[i].Code / 100 == statusClass ? _statuses[i].Count : 0;
        }

        return count;
    }

    /// <param name="country">See <see cref="CountryCode"/>; 0 for none.</param>
    /// <param name="times">How many there were that were all like this.</param>
    public void Add(int status, long durationMicros, long requestBytes, long responseBytes, ushort country = 0, long times = 1)
    {
        Latency.Add(durationMicros, times);
        _statuses.Add((ushort)status, times);
        AddSums(requestBytes * times, responseBytes * times, durationMicros * times, durationMicros);
        if (country != 0)
        {
            _countries.Add(country, times);
        }
    }

    public void Merge(WindowFigures other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Latency.Merge(other.Latency);
        AddSums(other.RequestBytes, other.ResponseBytes, other.DurationSumMicros, other.DurationMaxMicros);
        for (var i = 0; i < other._statuses.Length; i++)
        {
            _statuses.Add(other._statuses[i].Code, other._statuses[i].Count);
        }

        for (var i = 0; i < other._countries.Length; i++)
        {
            _countries.Add(other._countries[i].Code, other._countries[i].Count);
        }
    }

    /// <summary>Forgets everything, and keeps the room.</summary>
    public void Clear()
    {
        Latency.Clear();
        _statuses.Clear();
        _countries.Clear();
        (RequestBytes, ResponseBytes, DurationSumMicros, DurationMaxMicros) = (0, 0, 0, 0);
    }

    private void AddSums(long requestBytes, long responseBytes, long durationSumMicros, long durationMaxMicros)
    {
        RequestBytes = Sum(RequestBytes, requestBytes);
        ResponseBytes = Sum(ResponseBytes, responseBytes);
        DurationSumMicros = Sum(DurationSumMicros, durationSumMicros);
        DurationMaxMicros = Math.Max(DurationMaxMicros, durationMaxMicros);
    }

    // Only nonsense comes near the end of 64 bits; it may not turn negative and stop everybody's flush.
    private static long Sum(long a, long b) => a > long.MaxValue - b ? long.MaxValue : a + b;

    /// <summary>
    /// A format byte, then varints: sums, statuses, countries (two letters and a count each), the sketch.
    /// It is what the journal keeps and what grains are sent, so a format once written stays readable.
    /// </summary>
    public void Write(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        output.Write([Format]);
        Varint.Write(output, RequestBytes);
        Varint.Write(output, ResponseBytes);
        Varint.Write(output, DurationSumMicros);
        Varint.Write(output, DurationMaxMicros);
        Varint.Write(output, _statuses.Length);
        for (var i = 0; i < _statuses.Length; i++)
        {
            Varint.Write(output, _statuses[i].Code);
            Varint.Write(output, _statuses[i].Count);
        }

        Varint.Write(output, _countries.Length);
        for (var i = 0; i < _countries.Length; i++)
        {
            output.Write([(byte)(_countries[i].Code >> 8), (byte)_countries[i].Code]);
            Varint.Write(output, _countries[i].Count);
        }

        Latency.Write(output);
    }

    public byte[] ToBytes()
    {
        var output = new ArrayBufferWriter<byte>(128);
        Write(output);
        return output.WrittenSpan.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are not figures in a known format.</exception>
    public static WindowFigures FromBytes(ReadOnlySpan<byte> input)
    {
        var figures = new WindowFigures();
        figures.MergeFrom(input);
        return figures;
    }

    /// <summary>Merges what <see cref="Write"/> wrote, without making figures of it first.</summary>
    /// <exception cref="InvalidDataException">The bytes are not figures in a known format.</exception>
    public void MergeFrom(ReadOnlySpan<byte> input) => MergeFrom(ref input);

    /// <summary>Merges what <see cref="Write"/> wrote, and moves <paramref name="input"/> past it.</summary>
    /// <exception cref="InvalidDataException">The bytes are not figures in a known format.</exception>
    /// <param name="countries">Whether to take these too.</param>
    public void MergeFrom(ref ReadOnlySpan<byte> input, bool countries = true)
    {
        if (input.IsEmpty || input[0] != Format)
        {
            throw new InvalidDataException($"Window figures in format {(input.IsEmpty ? -1 : input[0])}; this version reads {Format}.");
        }

        input = input[1..];
        AddSums(Varint.Read(ref input), Varint.Read(ref input), Varint.Read(ref input), Varint.Read(ref input));
        for (var left = Varint.Read(ref input); left > 0; left--)
        {
            _statuses.Add((ushort)Varint.Read(ref input), Varint.Read(ref input));
        }

        for (var left = Varint.Read(ref input); left > 0; left--)
        {
            if (input.Length < 2)
            {
                throw new InvalidDataException("Window figures are cut short.");
            }

            var country = CountryCode.Of(input[0], input[1]);
            input = input[2..];
            var count = Varint.Read(ref input);
            if (countries)
            {
                _countries.Add(country, count);
            }
        }

        Latency.MergeFrom(ref input);
    }
}

/// <summary>A two-letter country code in 16 bits.</summary>
public static class CountryCode
{
    public static ushort Of(int first, int second) => (ushort)((first << 8) | second);

    public static string Text(ushort code) => string.Create(2, code, (text, c) => (text[0], text[1]) = ((char)(c >> 8), (char)(byte)c));
}
