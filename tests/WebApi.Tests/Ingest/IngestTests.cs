using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bayou.Requests;

namespace Bayou.Ingest;

public sealed class IngestTests(BayouServer server) : IClassFixture<BayouServer>
{
    private static readonly DateTimeOffset Time = BayouServer.RecentMinute;

    [Fact]
    public async Task What_is_sent_is_counted_per_endpoint_and_for_the_whole_service()
    {
        var service = BayouServer.NewService();
        var (status, body) = await server.SendAsync(new object[]
        {
            new { service, method = "get", route = "/a/{id}", status = 200, duration_ms = 12.5, time = Time, request_size = 3, response_size = 40,
                country = "fr", trace_id = "abc" },
            new { service, method = "POST", path = "/a/17?x=1", status = 503, duration_ms = 0.25, time = Time.ToUnixTimeMilliseconds() },
        });
        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal((2, 0), ((int)body["data"]!["accepted"]!, (int)body["data"]!["rejected"]!));
        await server.CountedAsync(service, 2);

        var rows = (await server.DataAsync($"/metrics?service={service}")).AsArray();
        Assert.Equal(["GET /a/{id}", "POST /a/{id}"], rows.Select(r => (string)r!["endpoint"]!).Order());
        var get = rows.Single(r => (string)r!["endpoint"]! == "GET /a/{id}")!;
        Assert.Equal((1, 3, 40, 12.5), ((int)get["traffic_count"]!, (int)get["request_size"]!, (int)get["response_size"]!, (double)get["max_latency"]!));
        Assert.Equal(Time.ToString("yyyy-MM-ddTHH:mm:ss.fffZ"), (string)get["window_start"]!);
        Assert.Null(get["countries"]);

        var whole = (await server.DataAsync($"/metrics?service={service}&endpoint=*"))[0]!;
        Assert.Equal("""{"200":1,"503":1}""", whole["status_codes"]!.ToJsonString());
        Assert.Equal("""{"FR":1}""", whole["countries"]!.ToJsonString());
        Assert.Equal(0.5, (double)whole["error_rate"]!);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData(null)]
    public async Task Lines_and_arrays_are_taken_plain_or_compressed(string? encoding)
    {
        var service = BayouServer.NewService();
        var line = JsonSerializer.Serialize(BayouServer.Observation(service, Time));
        Assert.Equal(HttpStatusCode.Accepted, (await server.PostAsync(Compress($"{line}\r\n\n{line}", encoding), "application/x-ndjson", encoding)).Status);
        Assert.Equal(HttpStatusCode.Accepted,
            (await server.PostAsync(Compress($" [ {line} , {line} ] ", encoding), "application/json; charset=utf-8", encoding)).Status);
        await server.CountedAsync(service, 4);
    }

    [Fact]
    public async Task A_repeat_under_the_same_key_changes_nothing()
    {
        var service = BayouServer.NewService();
        var items = new[] { BayouServer.Observation(service, Time), BayouServer.Observation(service, Time) };
        var first = await server.SendAsync(items, key: $"k-{service}");
        var repeat = await server.SendAsync(items, key: $"k-{service}");
        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), (first.Status, repeat.Status));
        Assert.Null(first.Body["data"]!["duplicate"]);
        Assert.Equal((true, 2), ((bool)repeat.Body["data"]!["duplicate"]!, (int)repeat.Body["data"]!["accepted"]!));

        var other = await server.SendAsync(items[..1], key: $"k-{service}");
        Assert.Equal(HttpStatusCode.Conflict, other.Status);
        Assert.Equal("idempotency-key", (string)other.Body["error"]!["details"]![0]!["field"]!);

        await server.SendAsync(items, key: $"k2-{service}");
        await server.CountedAsync(service, 4);
    }

    [Fact]
    public async Task One_key_sent_by_many_at_once_counts_once()
    {
        var service = BayouServer.NewService();
        var items = new[] { BayouServer.Observation(service, Time) };
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => server.SendAsync(items, key: service)));
        Assert.All(answers, a => Assert.Equal(HttpStatusCode.Accepted, a.Status));
        Assert.Single(answers, a => a.Body["data"]!["duplicate"] is null);
        await server.SendAsync(items, key: $"{service}-last");
        await server.CountedAsync(service, 2);
    }

    [Fact]
    public async Task A_backfill_of_more_windows_than_a_statement_takes_is_counted_and_its_journal_emptied()
    {
        // In two bodies: what came first waits for the second. 5,200 windows of the route, and as many of the service.
        var service = BayouServer.NewService();
        var first = BayouServer.RecentMinute.AddDays(-4);
        await Task.WhenAll(Enumerable.Range(0, 2).Select(half => server.SendAsync(
            Enumerable.Range(0, 5_200).Where(i => i % 3 != half).Select(i => BayouServer.Observation(service, first.AddMinutes(i))))));
        await server.CountedAsync(service, Enumerable.Range(0, 5_200).Sum(i => i % 3 == 2 ? 2 : 1));
        await JournalIsEmptyAsync(server);
    }

    [Fact]
    public async Task Past_the_limit_endpoints_count_into_one_and_nothing_is_lost()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var small = await BayouServer.StartAsync(database, ("Bayou:Metrics:MaxEndpoints", "5"));
        var service = BayouServer.NewService();
        for (var batch = 0; batch < 2; batch++)
        {
            var items = Enumerable.Range(0, 12).Select(i => BayouServer.Observation(service, Time, $"/route-{(char)('a' + i)}")).ToArray();
            Assert.Equal(HttpStatusCode.Accepted, (await small.SendAsync(items)).Status);
        }

        await small.CountedAsync(service, 24);
        var rows = (await small.DataAsync($"/metrics?service={service}")).AsArray();
        var others = rows.Single(r => (string)r!["endpoint"]! == "__other__")!;
        Assert.True(rows.Count <= 6);
        Assert.Equal(24, rows.Sum(r => (int)r!["traffic_count"]!));
        Assert.True((int)others["traffic_count"]! >= 14);
        Assert.True((bool)(await small.GetAsync($"/metrics/endpoints")).Body["metadata"]!["limit_reached"]!);
    }

    [Fact]
    public async Task Past_the_limit_services_count_into_one_and_nothing_is_lost()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var small = await BayouServer.StartAsync(database, ("Bayou:Metrics:MaxServices", "3"), ("Bayou:Enabled", "false"));
        for (var batch = 0; batch < 2; batch++)
        {
            Assert.Equal(HttpStatusCode.Accepted,
                (await small.SendAsync(Enumerable.Range(0, 6).Select(i => BayouServer.Observation($"service-{i}", Time)).ToArray())).Status);
        }

        var rows = await Eventually.SeesAsync(
            async () => (await small.DataAsync($"/metrics?limit=100")).AsArray(), rows => rows.Sum(r => (int)r!["traffic_count"]!) >= 12);

        Assert.Equal(12, rows.Sum(r => (int)r!["traffic_count"]!));
        Assert.True(rows.Select(r => (string)r!["service"]!).Distinct().Count() <= 4);
        Assert.Equal("__other__", (string)rows.Single(r => (string)r!["service"]! == "__other__")!["endpoint"]!);
    }

    [Fact]
    public async Task What_a_dead_node_left_in_the_journal_is_delivered_at_the_next_start()
    {
        await using var database = await TestDatabase.CreateAsync();
        var service = BayouServer.NewService();
        await using (var first = await BayouServer.StartAsync(database, ("Bayou:Metrics:FlushSeconds", "60"), ("Bayou:Ingest:DeliveryMilliseconds", "10000")))
        {
            // Acknowledged, and long not delivered when the process ends.
            await first.SendAsync(new[] { BayouServer.Observation(service, Time), BayouServer.Observation(service, Time, status: 500) });
        }

        await using var second = await BayouServer.StartAsync(database);
        await second.CountedAsync(service, 2);
        await JournalIsEmptyAsync(second);
    }

    [Fact]
    public async Task A_node_whose_lease_has_run_out_is_adopted_and_what_it_had_delivered_is_not_counted_again()
    {
        await using var database = await TestDatabase.CreateAsync();
        var service = BayouServer.NewService();
        byte[] payload;
        await using (var first = await BayouServer.StartAsync(database))
        {
            await first.SendAsync(new[] { BayouServer.Observation(service, Time) });
            payload = await OnlyPayloadAsync(first);
            await first.CountedAsync(service, 1);
            await JournalIsEmptyAsync(first);

            // As after kill -9 between flush and deletion: a journal row that is in the window, and one that is not.
            await ExecuteAsync(first, "INSERT INTO ingest_journal (epoch, seq, payload) VALUES (1, 1, $1), (1, 2, $1)", payload);
        }

        await ReviveAsync(database);
        await using var second = await BayouServer.StartAsync(database);
        await second.CountedAsync(service, 2); // seq 1 was in, seq 2 was not.
        await JournalIsEmptyAsync(second);
    }

    [Fact]
    public async Task A_fenced_node_goes_on_under_a_new_epoch()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var fenced = await BayouServer.StartAsync(database);
        var service = BayouServer.NewService();
        await fenced.SendAsync(new[] { BayouServer.Observation(service, Time) });
        await ExecuteAsync(fenced, "UPDATE ingest_node SET state = 'fenced'");
        Assert.Equal(HttpStatusCode.Accepted, (await fenced.SendAsync(new[] { BayouServer.Observation(service, Time) })).Status);
        await fenced.CountedAsync(service, 2);
    }

    [Fact]
    public async Task When_the_database_is_away_senders_are_told_to_come_back()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await BayouServer.StartAsync(database);
        var service = BayouServer.NewService();
        var items = new[] { BayouServer.Observation(service, Time) };
        await server.SendAsync(items);
        await ExecuteAsync(server, "ALTER TABLE ingest_journal RENAME TO ingest_journal_away");
        var (status, body) = await server.SendAsync(items);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "UNAVAILABLE"), (status, (string)body["error"]!["code"]!));

        await ExecuteAsync(server, "ALTER TABLE ingest_journal_away RENAME TO ingest_journal");
        await server.SendAsync(items);
        await server.CountedAsync(service, 2);
    }

    private static byte[] Compress(string text, string? encoding)
    {
        using var output = new MemoryStream();
        using (Stream stream = encoding switch { "gzip" => new GZipStream(output, CompressionLevel.Fastest, true), "br" =>
            new BrotliStream(output, CompressionLevel.Fastest, true), _ => new BufferedStream(output) })
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush();
            if (encoding is null)
            {
                return output.ToArray();
            }
        }

        return output.ToArray();
    }

    private static async Task JournalIsEmptyAsync(BayouServer server)
    {
        await using var command = server.Db.CreateCommand("SELECT count(*) FROM ingest_journal");
        await Eventually.SeesAsync(async () => (long)(await command.ExecuteScalarAsync(BayouServer.Ct))!, left => left == 0);
    }

    /// <summary>One journal row as this server writes it, made by hand because a delivered one is soon gone.</summary>
    private static async Task<byte[]> OnlyPayloadAsync(BayouServer server)
    {
        await using var command = server.Db.CreateCommand("SELECT payload FROM ingest_journal WHERE epoch = 1 AND seq = 1");
        return (byte[])(await command.ExecuteScalarAsync(BayouServer.Ct) ?? throw new InvalidOperationException("The row was gone before it was read."));
    }

    /// <summary>Makes a node that stopped in good order look like one that was killed: live, its lease lapsed.</summary>
    private static async Task ReviveAsync(TestDatabase database)
    {
        await using var db = Npgsql.NpgsqlDataSource.Create(database.Url);
        await using var command =
            db.CreateCommand("UPDATE ingest_node SET state = 'live', adopter = NULL, lease_until = now() - interval '1 s' WHERE epoch = 1");
        await command.ExecuteNonQueryAsync(BayouServer.Ct);
    }

    private static async Task ExecuteAsync(BayouServer server, string sql, params object[] values)
    {
        await using var command = server.Db.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        await command.ExecuteNonQueryAsync(BayouServer.Ct);
    }
}
