using System.Buffers;

namespace Bayou.Metrics;

/// <summary>
/// What is known of a set of observations: counts, sums and the latency sketch. Merging is exact, so figures of
/// many windows, endpoints or batches add up to what all their observations together would give. Not thread-safe.
/// </summary>
public sealed class WindowFigures
{
    private const byte Format = 1;

    private readonly SortedList<int, long> _statuses = new(4);
    private SortedList<string, long>? _countries;

    public LatencySketch Latency { get; } = new();

    /// <summary>Observations by status code.</summary>
    public IReadOnlyDictionary<int, long> Statuses => _statuses;

    /// <summary>Observations by two-letter country code, where one was given.</summary>
    public IReadOnlyDictionary<string, long> Countries => _countries ?? (IReadOnlyDictionary<string, long>)EmptyCountries;

    public long RequestBytes { get; private set; }

    public long ResponseBytes { get; private set; }

    public long DurationSumMicros { get; private set; }

    public long DurationMaxMicros { get; private set; }

    public long Count => Latency.Count;

    /// <summary>A quantile of the durations in microseconds, within 1 % and never above the longest.</summary>
    public double Quantile(double q) => Math.Min(Latency.Quantile(q), DurationMaxMicros);

    /// <summary>Observations with a status of 500 or more.</summary>
    public long Errors => CountOfClass(5);

    private static SortedList<string, long> EmptyCountries { get; } = [];

    /// <summary>Errors as a part of all, 0 to 1; 0 of none.</summary>
    public double ErrorRate => Count == 0 ? 0 : (double)Errors / Count;

    /// <summary>The mean duration; 0 of none.</summary>
    public double AverageMicros => Count == 0 ? 0 : (double)DurationSumMicros / Count;

    /// <param name="statusClass">1 to 5, for 1xx to 5xx.</param>
    public long CountOfClass(int statusClass)
    {
        var count = 0L;
        foreach (var (status, times) in _statuses)
        {
            count += status / 100 == statusClass ? times : 0;
        }

        return count;
    }

    public void Add(int status, long durationMicros, long requestBytes, long responseBytes, string? country = null)
    {
        Latency.Add(durationMicros);
        AddStatus(status, 1);
        AddSums(requestBytes, responseBytes, durationMicros, durationMicros);
        if (country is not null)
        {
            AddCountry(country, 1);
        }
    }

    public void Merge(WindowFigures other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Latency.Merge(other.Latency);
        AddSums(other.RequestBytes, other.ResponseBytes, other.DurationSumMicros, other.DurationMaxMicros);
        foreach (var (status, count) in other._statuses)
        {
            AddStatus(status, count);
        }

        foreach (var (country, count) in other.Countries)
        {
            AddCountry(country, count);
        }
    }

    public void AddStatus(int status, long count) => _statuses[status] = _statuses.GetValueOrDefault(status) + count;

    public void AddCountry(string country, long count)
    {
        _countries ??= new(StringComparer.Ordinal);
        _countries[country] = _countries.GetValueOrDefault(country) + count;
    }

    public void AddSums(long requestBytes, long responseBytes, long durationSumMicros, long durationMaxMicros)
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
        Varint.Write(output, _statuses.Count);
        foreach (var (status, count) in _statuses)
        {
            Varint.Write(output, status);
            Varint.Write(output, count);
        }

        Varint.Write(output, Countries.Count);
        foreach (var (country, count) in Countries)
        {
            output.Write([(byte)country[0], (byte)country[1]]);
            Varint.Write(output, count);
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
    public void MergeFrom(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty || input[0] != Format)
        {
            throw new InvalidDataException($"Window figures in format {(input.IsEmpty ? -1 : input[0])}; this version reads {Format}.");
        }

        input = input[1..];
        AddSums(Varint.Read(ref input), Varint.Read(ref input), Varint.Read(ref input), Varint.Read(ref input));
        for (var left = Varint.Read(ref input); left > 0; left--)
        {
            AddStatus((int)Varint.Read(ref input), Varint.Read(ref input));
        }

        for (var left = Varint.Read(ref input); left > 0; left--)
        {
            if (input.Length < 2)
            {
                throw new InvalidDataException("Window figures are cut short.");
            }

            ReadOnlySpan<char> country = [(char)input[0], (char)input[1]];
            input = input[2..];
            AddCountry(country.ToString(), Varint.Read(ref input));
        }

        Latency.MergeFrom(ref input);
    }
}
