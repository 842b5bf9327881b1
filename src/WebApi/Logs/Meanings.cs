using Bayou.Search;
using Microsoft.Extensions.Caching.Memory;

namespace Bayou.Logs;

/// <summary>What was searched for of late, as vectors: each poll, chart and list of a page asks the same.</summary>
internal sealed class Meanings : IDisposable
{
    private const int Most = 1_000; // of 1.5 kB

    private readonly MemoryCache _known = new(new MemoryCacheOptions { SizeLimit = Most });

    public async Task<float[]> OfAsync(string text, ITextEmbedder embedder, CancellationToken ct) =>
        _known.Get<float[]>(text) ?? _known.Set(text, (await embedder.EmbedAsync([text], ct))[0], new MemoryCacheEntryOptions { Size = 1 });

    public void Dispose() => _known.Dispose();
}
