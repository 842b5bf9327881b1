using System.Reflection;
using Bayou.Projects;
using Bayou.Search;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans;

namespace Bayou.Logs;

/// <summary>What takes a place in a search: nothing that is not in its range, and nothing that cannot be told.</summary>
public sealed class SearchRangeTests(BayouServer server) : IClassFixture<BayouServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("keyword")]
    [InlineData("hybrid")]
    public async Task Patterns_of_other_times_take_no_place(string mode)
    {
        var random = new Random(7);
        var words = Enumerable.Range(0, 60).Select(_ => string.Concat(Enumerable.Range(0, 6).Select(_ => (char)('a' + random.Next(26))))).ToArray();
        var (now, before) = (DateTime.UtcNow, DateTime.UtcNow.AddHours(-3));
        foreach (var part in Enumerable.Range(0, 400).Chunk(100)) // Each a pattern of its own, that has both words.
        {
            await server.SendLogsAsync(part.Select(_ => new
            {
                source = mode, level = "info", message = $"tulip harvest {string.Join(' ', random.GetItems(words, 7))}", time = before,
            }));
        }

        await server.SendLogsAsync(new[] { new { source = mode, level = "info", message = "one tulip among other flowers of a long meadow", time = now } });
        var known = await server.DataAsync($"/logs/patterns?source={mode}&limit=1000&start_date={Hour(before)}");
        Assert.InRange(known.AsArray().Count, 250, 401); // More than are ever ranked.

        var rows = await server.DataAsync($"/logs?search={"tulip harvest"}&source={mode}&mode={mode}&sort=relevance&start_date={Hour(now)}");
        Assert.Equal("one tulip among other flowers of a long meadow", (string)Assert.Single(rows.AsArray())!["message"]!);
        rows = await server.DataAsync($"/logs?search={"tulip harvest"}&source={mode}&mode={mode}&start_date={Hour(now)}");
        Assert.Equal("one tulip among other flowers of a long meadow", (string)Assert.Single(rows.AsArray())!["message"]!);
    }

    /// <summary>The hour that ends then begins.</summary>
    private static long Hour(DateTime end) => new DateTimeOffset(end.AddHours(-1)).ToUnixTimeMilliseconds();

    [Fact]
    public async Task Where_the_model_cannot_be_loaded_a_search_goes_by_its_words()
    {
        await server.SendLogsAsync(new[] { new { source = "api", level = "info", message = "marmalade jar opened", time = DateTime.UtcNow } });
        var registry = server.Get<PatternRegistries>().Of(Project.Default);
        await registry.RefreshAsync(Ct);
        using var meanings = new Meanings();
        var search = new LogSearch(
            new() { Id = Project.Default }, registry, server.Get<TextVectors>(), meanings, new NoEmbedder(), NullLogger<LogSearch>.Instance);
        Assert.Single(await search.RankAsync(["marmalade"], "hybrid", among: null, Ct));
        await Assert.ThrowsAsync<InvalidOperationException>(() => search.RankAsync(["marmalade"], "semantic", among: null, Ct));
    }

    [Fact]
    public async Task Where_no_silo_makes_vectors_a_search_goes_on_without()
    {
        var registry = new PatternRegistry(Project.Default, server.Get<NpgsqlDataSource>(), DispatchProxy.Create<IGrainFactory, NoGrains>(),
            server.Get<IOptions<LogsOptions>>(), TimeProvider.System, NullLogger<PatternRegistry>.Instance, Ct);
        await registry.VectorsAsync(Ct);
    }

    private sealed class NoEmbedder : ITextEmbedder
    {
        public string Model => "minilm";

        public int Dimensions => 384;

        public float Near => 1;

        public float Remote => 1;

        public string Known(string text, Func<string, bool> isUsed) => text;

        public Task<float[][]> EmbedAsync(IReadOnlyList<string> texts, CancellationToken ct) => throw new InvalidOperationException("no model");
    }

    public class NoGrains : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => throw new OrleansException("no silo");
    }
}
