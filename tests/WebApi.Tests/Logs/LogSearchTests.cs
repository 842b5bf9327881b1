using System.Text.Json.Nodes;

namespace Bayou.Logs;

/// <summary>What words, phrases and conditions find, in segments that are sealed and in ones that are not.</summary>
public sealed class LogSearchTests(LogSearchTests.Stored stored) : IClassFixture<LogSearchTests.Stored>
{
    [Theory]
    [InlineData("payment refused", "A")]
    [InlineData("REFUSED Payment", "A")]
    [InlineData("\"payment refused\"", "")]
    [InlineData("\"payment was refused\"", "A")]
    [InlineData("checkout", "A B")] // the source
    [InlineData("fatal", "B")] // the level
    [InlineData("acme", "C")] // a value in meta, however deep
    [InlineData("tenant", "")] // no name in meta
    [InlineData("4711 true", "C")]
    [InlineData("100%", "D")]
    [InlineData("10_%", "")]
    [InlineData("a_b", "D")]
    [InlineData("back\\slash", "D")]
    [InlineData(".*", "E")]
    [InlineData("payment -refused", "B")]
    [InlineData("-payment source:checkout", "")]
    [InlineData("source:CHECKOUT", "A B")]
    [InlineData("-source:checkout payment", "")]
    [InlineData("level:fatal", "B")]
    [InlineData("level:warning", "C")]
    [InlineData("service:shop -level:error", "B")]
    [InlineData("trace:t-9", "E")]
    [InlineData("\u6F22\u5B57", "E")]
    [InlineData("\u5B57", "E")]
    [InlineData("ошибка", "G")]
    [InlineData("ОШИБКА", "G")]
    [InlineData("naïve", "G")] // NFC, of a line in NFD
    [InlineData("NAIVE", "G")]
    [InlineData("STRASSE", "G")]
    [InlineData("istanbul", "G")]
    [InlineData("ΟΔΟΣ", "G")]
    [InlineData("\"conn refused\"", "G")] // in colours
    [InlineData("한국", "G")] // composed, of a line in jamo
    [InlineData("deso*", "G")]
    [InlineData("so*n", "")] // no star at a word's end
    [InlineData("+payment +lost", "B")]
    public async Task A_search_finds_what_it_says(string search, string expected)
    {
        foreach (var isSealed in (bool[])[true, false])
        {
            var rows = (await stored.Server.DataAsync($"/logs?mode=keyword&search={search}&meta.set={(isSealed ? "sealed" : "hot")}")).AsArray();
            Assert.Equal(expected, string.Join(' ', rows.Select(row => (string)row!["meta"]!["name"]!).Order(StringComparer.Ordinal)));
            var counted = (await stored.Server.GetAsync($"/logs/histogram?mode=keyword&search={search}&meta.set={(isSealed ? "sealed" : "hot")}")).Body;
            Assert.Equal(rows.Count, (int)counted["metadata"]!["total"]!);
        }
    }

    [Fact]
    public async Task By_meaning_other_words_find_it_too_and_by_relevance_with_a_score()
    {
        Assert.Empty((await stored.Server.DataAsync($"/logs?mode=keyword&search={"cannot reach database"}")).AsArray());
        var rows = (await stored.Server.DataAsync($"/logs?mode=semantic&sort=relevance&search={"cannot reach database"}")).AsArray();
        Assert.Equal("connection to postgres refused", (string)rows[0]!["message"]!);
        var scores = rows.Select(row => (double)row!["score"]!).ToList();
        Assert.Equal(scores.OrderDescending(), scores);
        var (_, pages) = await stored.Server.GetAsync($"/logs?search=payment&limit=1&meta.set=hot");
        Assert.Equal((2, true), ((int)pages["metadata"]!["total"]!, (bool)pages["metadata"]!["total_is_lower_bound"]!));
    }

    public sealed class Stored : IAsyncLifetime
    {
        private TestDatabase _database = null!;

        public BayouServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            _database = await TestDatabase.CreateAsync();
            Server =
                await BayouServer.StartAsync(_database, ("Bayou:Enabled", "false"), ("Bayou:Logs:SegmentLines", "1000"), ("Bayou:Logs:SealAfterSeconds", "0"));
            await SendAsync("sealed");
            await Server.SendLogsAsync(Enumerable.Range(0, 1_000)
                .Select(i => new { source = "fill", level = "info", message = $"fills the segment {i}", meta = new { set = "fill" } }));
            await SendAsync("hot");
            await Server.SealAsync();
            await using var command = Server.Db.CreateCommand("SELECT count(*) FROM log_segments WHERE state = 'sealed'");
            Assert.Equal(1L, await command.ExecuteScalarAsync());
            await Server.EmbeddedAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            await _database.DisposeAsync();
        }

        private async Task SendAsync(string set) => await Server.SendLogsAsync(new object[]
        {
            new { source = "checkout", service = "shop", level = "error", message = "the payment was refused", meta = new { set, name = "A" } },
            new { source = "checkout", service = "shop", level = "fatal", message = "payment lost", meta = new { set, name = "B" } },
            new { source = "api", level = "warn", message = "slow",
                meta = new { set, name = "C", deep = new { tenant = new[] { "acme" } }, order = 4711, isPaid = true } },
            new { source = "api", level = "info", message = "disk is 100% full: a_b on back\\slash", meta = new { set, name = "D" } },
            new { source = "api", level = "info", message = "matches .* and \u6F22\u5B57", trace_id = "t-9", meta = new { set, name = "E" } },
            new { source = "db", level = "info", message = "connection to postgres refused", meta = new { set, name = "F" } },
            new { source = "db", level = "info", meta = new { set, name = "G" },
                message = "Ошибка nai\u0308ve Straße İstanbul οδός desolation conn \u001b[1mrefused\u001b[0m \u1112\u1161\u11AB\u1100\u116E\u11A8" },
        });
    }
}
