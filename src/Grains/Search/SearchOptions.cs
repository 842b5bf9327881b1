using System.ComponentModel.DataAnnotations;

namespace Bayou.Search;

public sealed class SearchOptions
{
    public const string Section = "Bayou:Search";

    /// <summary>
    /// What finds texts by their meaning: <c>minilm</c>, a sentence embedding that takes 150 MB while it is used, or <c>hash</c>, a list of words, which takes
    /// nothing and knows little. See docs/performance.md for what each is worth.
    /// </summary>
    [AllowedValues(MiniLmEmbedder.Name, HashEmbedder.Name, ErrorMessage = "The field Embedder must be minilm or hash.")]
    public string Embedder { get; set; } = MiniLmEmbedder.Name;
}
