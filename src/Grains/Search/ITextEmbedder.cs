namespace Bayou.Search;

/// <summary>Gives texts vectors of length 1: those of texts that mean the like are at a small angle.</summary>
internal interface ITextEmbedder
{
    /// <summary>Of the model, and whatever else decides what vectors look like; lower-case letters and digits, for it is in a table's name.</summary>
    string Model { get; }

    int Dimensions { get; }

    /// <summary>The cosine from which on two texts mean the like.</summary>
    float Near { get; }

    /// <summary>The cosine below which two texts have nothing to do with each other.</summary>
    float Remote { get; }

    /// <summary>The words of a text that mean something to the model; empty if none does.</summary>
    /// <param name="isUsed">Whether a word is one that the texts it is compared with use.</param>
    string Known(string text, Func<string, bool> isUsed);

    Task<float[][]> EmbedAsync(IReadOnlyList<string> texts, CancellationToken ct);
}
