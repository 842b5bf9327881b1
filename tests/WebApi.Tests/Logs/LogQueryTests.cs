using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace Bayou.Logs;

/// <summary>Questions on lines that lie in many segments, sealed and not, at times that have nothing to do with the order in which they came.</summary>
public sealed class LogQueryTests(LogQueryTests.Stored stored) : IClassFixture<LogQueryTests.Stored>
{
    private static readonly string[] Levels = ["trace", "debug", "info", "warn", "error", "fatal"];

    [Fact]
    public async Task Newest_first_means_by_the_lines_own_time()
    {
        var expected = stored.Lines.OrderByDescending(line => line.Time).Select(line => line.Message).ToList();
        Assert.Equal(expected[..700], Messages(await stored.DataAsync($"/logs?limit=700")));
        Assert.Equal(expected[1_300..1_350], Messages(await stored.DataAsync($"/logs?offset=1300")));
        Assert.Equal(Enumerable.Reverse(expected).Take(50), Messages(await stored.DataAsync($"/logs?order=asc")));
    }

    [Theory]
    [InlineData("level=error")]
    [InlineData("level__gte=warn")]
    [InlineData("level__in=debug,fatal")]
    [InlineData("level__ne=info")]
    [InlineData("source=s2")]
    [InlineData("source__startswith=s&level__lt=info")]
    [InlineData("service__isnull=false&source__notin=s0,s1")]
    [InlineData("message__endswith=7")]
    [InlineData("meta.n=7")]
    [InlineData("meta.n__gte=90")]
    [InlineData("meta.n__between=9,11&level=info")]
    [InlineData("meta.deep.est=x")]
    [InlineData("meta.deep.est__isnotnull=true")]
    public async Task Filters_select_what_they_say(string filter)
    {
        var expected = stored.Lines.Where(line => Fits(line, filter)).OrderByDescending(line => line.Time).Select(line => line.Message).ToList();
        Assert.NotEmpty(expected);
        var (_, body) = await stored.Server.GetAsync($"/logs?limit=1000&{new AlreadyEscaped(filter)}");
        Assert.Equal(expected.Take(1_000), Messages(body["data"]!));
        Assert.Equal(expected.Count > 1_000, body["metadata"]!["total_is_lower_bound"] is not null);
    }

    [Fact]
    public async Task Id_lt_pages_backwards_and_id_gt_forwards_through_every_line()
    {
        var all = stored.Lines.Select(line => line.Message).ToList();
        Assert.Equal(all, Messages(await PagesAsync("id__gt", 0)));
        var backwards = await PagesAsync("id__lt", (long)(await stored.Server.GetAsync($"/logs")).Body["metadata"]!["last_id"]! + 1);
        Assert.Equal(Enumerable.Reverse(all), Messages(backwards));
    }

    [Fact]
    public async Task A_total_is_exact_or_says_that_it_is_not()
    {
        var (_, all) = await stored.Server.GetAsync($"/logs?limit=10");
        Assert.Equal((stored.Lines.Count, false), ((int)all["metadata"]!["total"]!, all["metadata"]!["total_is_lower_bound"] is not null));
        var (_, few) = await stored.Server.GetAsync($"/logs?source=s1&meta.n=7");
        Assert.Equal((stored.Lines.Count(line => line is { Source: "s1", N: 7 }), false),
            ((int)few["metadata"]!["total"]!, few["metadata"]!["total_is_lower_bound"] is not null));
    }

    [Theory]
    [InlineData(60)]
    [InlineData(600)]
    [InlineData(7)]
    public async Task A_histogram_counts_every_line_once(int seconds)
    {
        foreach (var (filter, fits) in ((string, Func<Line, bool>)[])[("", _ => true), ("&source=s1", line => line.Source == "s1"),
            ("&search=odd&mode=keyword", line => line.IsOdd), ("&level__gte=warn", line => line.Level >= 3)])
        {
            // Ends within minutes, on purpose.
            var (start, end) = (stored.First.AddSeconds(75), stored.First.AddSeconds(seconds == 7 ? 1_875 : 6_935));
            var rest = new AlreadyEscaped($"&end_date={end.ToUnixTimeMilliseconds()}{filter}");
            var buckets = (await stored.DataAsync($"/logs/histogram?window_size={seconds}&start_date={start.ToUnixTimeMilliseconds()}{rest}")).AsArray();
            var expected = stored.Lines.Where(line => line.Time >= start && line.Time < end && fits(line))
                .GroupBy(line => (Start: line.Time.ToUnixTimeSeconds() / seconds * seconds, line.Level))
                .ToDictionary(group => group.Key, group => group.Count());
            var got = buckets.SelectMany(bucket =>
                Levels.Select((name, level) => (Key: (Start: Time(bucket!["window_start"]).ToUnixTimeSeconds(), Level: level), Count: (int)bucket[name]!)))
                .Where(entry => entry.Count > 0).ToDictionary(entry => entry.Key, entry => entry.Count);
            Assert.Equal(expected.OrderBy(pair => pair.Key), got.OrderBy(pair => pair.Key));
        }
    }

    [Fact]
    public async Task Facets_count_every_line_once()
    {
        var facets = await stored.DataAsync($"/logs/facets?start_date={stored.First.ToUnixTimeMilliseconds()}");
        Assert.Equal(
            stored.Lines.GroupBy(line => line.Level).OrderByDescending(group => group.Key).Select(group => (Levels[group.Key], group.Count())),
            facets["level"]!.AsArray().Select(value => ((string)value!["value"]!, (int)value["count"]!)));
        Assert.Equal(
            stored.Lines.GroupBy(line => line.Source).OrderByDescending(group => group.Count()).Select(group => (group.Key, group.Count())),
            facets["source"]!.AsArray().Select(value => ((string)value!["value"]!, (int)value["count"]!)));
    }

    [Fact]
    public async Task Patterns_are_ranked_by_their_lines_in_the_range_and_say_how_that_changed()
    {
        var (start, middle) = (stored.First, stored.First.AddHours(1));
        var rows =
            (await stored.DataAsync($"/logs/patterns?start_date={middle.ToUnixTimeMilliseconds()}&end_date={middle.AddHours(1).ToUnixTimeMilliseconds()}"))
            .AsArray();
        foreach (var (template, isOdd) in (ReadOnlySpan<(string, bool)>)[("an odd line number <*>", true), ("an even line number <*>", false)])
        {
            var row = Assert.Single(rows, row => (string)row!["template"]! == template)!;
            int Count(DateTimeOffset from, DateTimeOffset to) => stored.Lines.Count(line => line.IsOdd == isOdd && line.Time >= from && line.Time < to);
            Assert.Equal(
                (Count(DateTimeOffset.MinValue, DateTimeOffset.MaxValue), Count(middle, middle.AddHours(1)), Count(start, middle), false),
                ((int)row["total_count"]!, (int)row["range_count"]!, (int)row["previous_count"]!, (bool)row["is_new"]!));
            Assert.Equal((int)row["range_count"]!, row["trend"]!.AsArray().Sum(part => (int)part!));
            Assert.Equal(stored.Lines.Where(line => line.IsOdd == isOdd).Min(line => line.Time), Time(row["first_seen"]));
        }

        Assert.Equal(rows.OrderByDescending(row => (int)row!["range_count"]!).Select(row => (int)row!["pattern_id"]!),
            rows.Select(row => (int)row!["pattern_id"]!));
    }

    [Fact]
    public async Task A_lines_context_is_what_its_source_wrote_before_and_after()
    {
        var line = (await stored.DataAsync($"/logs?source=s1&offset=40&limit=1"))[0]!;
        var context = await stored.DataAsync($"/logs/{(long)line["id"]!}/context?before=3&after=5");
        var ofSource = stored.Lines.Where(other => other.Source == "s1").OrderBy(other => other.Time).Select(other => other.Message).ToList();
        var at = ofSource.IndexOf((string)line["message"]!);
        Assert.Equal(ofSource[(at - 3)..at], Messages(context["before"]!));
        Assert.Equal(ofSource[(at + 1)..(at + 6)], Messages(context["after"]!));
        Assert.Equal(line.ToJsonString(), (await stored.DataAsync($"/logs/{(long)line["id"]!}")).ToJsonString());
        Assert.Equal(HttpStatusCode.NotFound, (await stored.Server.GetAsync($"/logs/999999999/context")).Status);
    }

    [Fact]
    public async Task An_export_has_every_line_that_fits()
    {
        var ndjson = await stored.Server.Http.GetStringAsync("/logs/export?source=s1", BayouServer.Ct);
        Assert.Equal(
            stored.Lines.Where(line => line.Source == "s1").Reverse().Select(line => line.Message),
            ndjson.TrimEnd().Split('\n').Select(row => (string)JsonNode.Parse(row)!["message"]!));
        var csv = (await stored.Server.Http.GetStringAsync("/logs/export?format=csv&limit=3&source=s1", BayouServer.Ct)).TrimEnd().Split("\r\n");
        Assert.StartsWith("id,created_at,level,source,", csv[0], StringComparison.Ordinal);
        Assert.Equal(4, csv.Length);
    }

    [Fact]
    public async Task A_cursor_of_another_database_is_reset()
    {
        var (_, body) = await stored.Server.GetAsync($"/logs?id__gt=999999999999");
        Assert.True((bool)body["metadata"]!["reset"]!);
        Assert.Empty(body["data"]!.AsArray());
    }

    private static DateTimeOffset Time(JsonNode? node) => DateTimeOffset.Parse((string)node!, CultureInfo.InvariantCulture);

    private static List<string> Messages(JsonNode rows) => [.. rows.AsArray().Select(row => (string)row!["message"]!)];

    private static bool Fits(Line line, string filter) => filter switch
    {
        "level=error" => line.Level == 4,
        "level__gte=warn" => line.Level >= 3,
        "level__in=debug,fatal" => line.Level is 1 or 5,
        "level__ne=info" => line.Level != 2,
        "source=s2" => line.Source == "s2",
        "source__startswith=s&level__lt=info" => line.Level < 2,
        "service__isnull=false&source__notin=s0,s1" => line.Source is not ("s0" or "s1" or "s3"), // s3 has no service.
        "message__endswith=7" => line.Message.EndsWith('7'),
        "meta.n=7" => line.N == 7,
        "meta.n__gte=90" => line.N >= 90,
        "meta.n__between=9,11&level=info" => line.N is >= 9 and <= 11 && line.Level == 2,
        _ => line.N % 10 == 0, // meta.deep.est
    };

    private async Task<JsonArray> PagesAsync(string cursor, long from)
    {
        var rows = new JsonArray();
        while (true)
        {
            var page = (await stored.DataAsync($"/logs?limit=700&{new AlreadyEscaped(cursor)}={from}")).AsArray();
            if (page.Count == 0)
            {
                return rows;
            }

            from = (long)page[^1]!["id"]!;
            foreach (var row in page)
            {
                rows.Add(row!.DeepClone());
            }
        }
    }

    public sealed record Line(DateTimeOffset Time, int Level, string Source, string Message, int N)
    {
        public bool IsOdd => Message.Contains("odd", StringComparison.Ordinal);
    }

    /// <summary>6,000 lines of two hours, sent in another order, in segments of 1,000 of which most are sealed.</summary>
    public sealed class Stored : IAsyncLifetime
    {
        private TestDatabase _database = null!;

        public BayouServer Server { get; private set; } = null!;

        public DateTimeOffset First { get; } = BayouServer.RecentMinute.AddHours(-3);

        /// <summary>In the order in which they were sent.</summary>
        public List<Line> Lines { get; private set; } = [];

        public Task<JsonNode> DataAsync(FormattableString url) => Server.DataAsync(url);

        public async ValueTask InitializeAsync()
        {
            _database = await TestDatabase.CreateAsync();
            Server =
                await BayouServer.StartAsync(_database, ("Bayou:Logs:SegmentLines", "1000"), ("Bayou:Logs:SealAfterSeconds", "0"), ("Bayou:Enabled", "false"));
            var random = new Random(11);
            Lines = [.. Enumerable.Range(0, 6_000).Select(i => new Line(
                First.AddMilliseconds((i * 1_200) + random.Next(1_000)), random.Next(6), $"s{random.Next(4)}",
                $"an {(i % 3 == 0 ? "odd" : "even")} line number {i}", random.Next(100)))];
            random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(Lines)[..3_000]);
            foreach (var batch in Lines.Chunk(250))
            {
                var (status, body) = await Server.SendLogsAsync(batch.Select(line => new
                {
                    source = line.Source, service = line.Source == "s3" ? null : "shop", level = Levels[line.Level], message = line.Message, time = line.Time,
                    meta = line.N % 10 == 0 ? (object)new { n = line.N, deep = new { est = "x" } } : new { n = line.N },
                }));
                Assert.True(status == HttpStatusCode.Accepted, body.ToJsonString());
            }

            await Server.SealAsync();
            await using var command =
                Server.Db.CreateCommand("SELECT count(*) FILTER (WHERE state = 'sealed'), count(*) FILTER (WHERE state = 'hot') FROM log_segments");
            await using var reader = await command.ExecuteReaderAsync();
            await reader.ReadAsync();
            Assert.True(reader.GetInt64(0) >= 4 && reader.GetInt64(1) == 2, $"{reader.GetInt64(0)} sealed, {reader.GetInt64(1)} hot");
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            await _database.DisposeAsync();
        }
    }
}
