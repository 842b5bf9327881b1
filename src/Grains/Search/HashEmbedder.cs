namespace Bayou.Search;

/// <summary>
/// For machines that have no room for a model: what a text is about, in 16 numbers. Words that operators use of one thing (<see cref="HashConcepts"/>) count on
/// that thing's dimension; all others are spread over all dimensions by signed feature hashing of the word and its groups of three characters (Weinberger,
/// Dasgupta, Langford, Smola, Attenberg: "Feature hashing for large scale multitask learning", ICML 2009).
/// </summary>
internal sealed class HashEmbedder : ITextEmbedder
{
    public const string Name = "hash";

    private const float OfItself = 0.45f; // the very word says more than another of the same thing
    private const float OfOther = 0.7f; // a word that nobody knows says less than one whose meaning is known
    private const float OfPart = 0.2f;
    private const int MostWords = 64;

    public string Model => Name;

    public int Dimensions => HashConcepts.Count;

    public float Near => 0.6f;

    public float Remote => 0.48f;

    public string Known(string text, Func<string, bool> isUsed) => string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Where(word => isUsed(word) || SearchWords.Of(word).Any(stem => HashConcepts.Of(stem).Length > 0)));

    public Task<float[][]> EmbedAsync(IReadOnlyList<string> texts, CancellationToken ct) => Task.FromResult(texts.Select(Embed).ToArray());

    private static float[] Embed(string text)
    {
        var sum = new float[HashConcepts.Count];
        foreach (var stem in SearchWords.Of(text).Distinct(StringComparer.Ordinal).Take(MostWords))
        {
            Add(stem, sum);
        }

        return TextVectors.OfLengthOne(sum);
    }

    private static void Add(string stem, float[] sum)
    {
        if (HashConcepts.Of(stem) is { Length: > 0 } concepts)
        {
            foreach (var concept in concepts)
            {
                sum[concept] += HashConcepts.Weight(concept) / MathF.Sqrt(concepts.Length);
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
        for (var i = 0; i < sum.Length; i++)
        {
            sum[i] += ((hash >> i) & 1) == 0 ? weight / 4 : -weight / 4; // 4 = sqrt(16): as long as the weight.
        }
    }
}
