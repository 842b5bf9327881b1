using System.Globalization;

namespace Bayou.Logs;

/// <summary>
/// What a text is about, in 16 numbers: texts that mean the like have vectors at a small angle. Words that operators use of one thing
/// (<see cref="LogConcepts"/>) count on that thing's dimension, whatever they are; all others are spread over all dimensions by signed feature hashing of the
/// word and its groups of three characters (Weinberger, Dasgupta, Langford, Smola, Attenberg: "Feature hashing for large scale multitask learning", ICML
/// 2009).
/// </summary>
internal sealed class LogEmbedding
{
    public const int Dimensions = LogConcepts.Count;

    private const float OfItself = 0.45f; // the very word says more than another of the same thing
    private const float OfOther = 0.7f; // a word that nobody knows says less than one whose meaning is known
    private const float OfPart = 0.2f;
    private const int MostWords = 64;

    private readonly float[] _values; // of length 1, or 0 where the text says nothing

    private LogEmbedding(float[] values) => _values = values;

    public static LogEmbedding Of(string text)
    {
        var sum = new float[Dimensions];
        foreach (var stem in LogWords.Of(text).Distinct(StringComparer.Ordinal).Take(MostWords))
        {
            Add(stem, sum);
        }

        var length = MathF.Sqrt(Dot(sum, sum));
        return new(length > 0 ? Array.ConvertAll(sum, value => value / length) : sum);
    }

    public static LogEmbedding From(float[] values) => new(values);

    /// <summary>Cosine of the angle between two.</summary>
    public float Likeness(LogEmbedding other) => Dot(_values, other._values);

    /// <summary>As PostgreSQL writes an array.</summary>
    public string ToSql() => $"{{{string.Join(',', _values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)))}}}";

    private static float Dot(float[] a, float[] b)
    {
        var sum = 0f;
        for (var i = 0; i < Dimensions; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }

    private static void Add(string stem, float[] sum)
    {
        if (LogConcepts.Of(stem) is { Length: > 0 } concepts)
        {
            foreach (var concept in concepts)
            {
                sum[concept] += LogConcepts.Weight(concept) / MathF.Sqrt(concepts.Length);
            }

            Spread(stem, OfItself, sum);
            return;
        }

        Spread(stem, OfOther, sum);
        for (var at = 0; at + 3 <= stem.Length; at++)
        {
            Spread(stem.AsSpan(at, 3), OfPart / MathF.Sqrt(stem.Length), sum);
        }
    }

    /// <summary>Adds a feature with signs that are its own to all dimensions.</summary>
    private static void Spread(ReadOnlySpan<char> feature, float weight, float[] sum)
    {
        var hash = 2_166_136_261; // FNV-1a: the same on every machine and for ever, for it is stored.
        foreach (var c in feature)
        {
            hash = (hash ^ c) * 16_777_619;
        }

        hash ^= hash >> 15;
        for (var i = 0; i < Dimensions; i++)
        {
            sum[i] += ((hash >> i) & 1) == 0 ? weight / 4 : -weight / 4; // 4 = sqrt(16): as long as the weight.
        }
    }
}
