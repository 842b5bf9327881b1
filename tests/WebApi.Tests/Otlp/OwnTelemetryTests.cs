namespace Bayou.Otlp;

/// <summary>What Bayou itself does goes where the SDK's variables say: to another Bayou, or to itself, without an end.</summary>
public sealed class OwnTelemetryTests
{
    [Fact]
    public async Task Requests_ticks_and_statements_are_spans_elsewhere()
    {
        await using var watching = await TestDatabase.CreateAsync();
        await using var watched = await TestDatabase.CreateAsync();
        await using var there = await BayouServer.StartAsync(watching, ("Bayou:Enabled", "false"));
        await using (var here = await BayouServer.StartAsync(watched, ("Bayou:Enabled", "false"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", $"{there.Http.BaseAddress}"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_BSP_SCHEDULE_DELAY", "200"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "500")))
        {
            await here.SendAsync(new[] { BayouServer.Observation("shop", DateTimeOffset.UtcNow) });
            await here.DataAsync($"/metrics/services");
            await Eventually.SeesAsync(async () => (await there.DataAsync($"/series?service=bayou")).AsArray().Count, count => count > 0);
        } // As it stops it sends what is left.

        var names = (await there.DataAsync($"/traces?service=bayou&limit=1000")).AsArray().Select(span => (string)span!["name"]!).Distinct().ToList();
        Assert.Contains("GET /metrics/services", names);
        Assert.Contains("ingest tick", names);
        Assert.Contains(names, name => !name.Contains('/', StringComparison.Ordinal) && name != "ingest tick"); // PostgreSQL's
        Assert.Contains((await there.DataAsync($"/series?service=bayou")).AsArray(), one => (string)one!["name"]! == "bayou.ingest.items");
    }

    [Fact]
    public async Task To_itself_it_comes_to_an_end()
    {
        await using var database = await TestDatabase.CreateAsync();
        var port = Ports.Claim();
        await using var server = await BayouServer.StartAsync(database, ("Bayou:Enabled", "false"), ("Bayou:Jobs:Queues:system", "0"),
            ("Bayou:Otlp:HttpPort", $"{port}"), ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", $"http://127.0.0.1:{port}/v1/traces"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"), ("OTEL_METRICS_EXPORTER", "none"), ("OTEL_BSP_SCHEDULE_DELAY", "200"));
        await server.DataAsync($"/metrics/services");
        async Task<int> RequestsAsync(int at) => (await server.DataAsync($"/traces?service=bayou&attributes.server.port={at}")).AsArray().Count;
        await Eventually.SeesAsync(() => RequestsAsync(server.Http.BaseAddress!.Port), count => count > 0);
        Assert.Equal(0, await RequestsAsync(port)); // By port, as every server of this process is listened to.
        await using var command = server.Db.CreateCommand("SELECT count(*) FROM spans_id_seq, span_segments, unnest(lines) n WHERE n > 10000");
        Assert.Equal(0L, await command.ExecuteScalarAsync(BayouServer.Ct));
    }
}
