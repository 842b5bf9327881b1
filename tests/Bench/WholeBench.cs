namespace Bayou.Bench;

/// <summary>The middleware, ingest of requests, queries and polls, by one warm process.</summary>
internal sealed class WholeBench(string url, BenchDatabase database, Table table, int events)
{
    /// <summary>Ingest of requests alone.</summary>
    public async Task RunIngestAsync()
    {
        await using var server = await Server.StartAsync(url, table);
        await RunIngestAsync(server);
    }

    public async Task RunAsync(IReadOnlyCollection<int> growth, int idleMinutes)
    {
        await Middleware.RunAsync(table);
        await using var server = await Server.StartAsync(url, table);
        var queries = new QueryBench(server, database, table);
        var ingest = await RunIngestAsync(server);

        var rightAfter = server.Megabytes;
        await Task.Delay(TimeSpan.FromMinutes(1)); // It gives memory back when it has been quiet for half of it.
        table.Add("memory a minute after the ingest", $"{server.Megabytes:0} MB", $"{rightAfter:0} MB right after it", "≤ 250 MB with PostgreSQL's buffers");
        await ingest.CopyAsync();
        await ingest.SizeAsync();
        await queries.RunAsync();
        await queries.RunWeekAsync();
        await new PollBench(server, database, table).RunAsync();
        await ingest.RunDayAsync();
        if (growth.Count > 0)
        {
            await ingest.RunGrowthAsync([200, 2_000, 20_000]);
            await queries.RunGrowthAsync(growth);
        }

        await Task.Delay(TimeSpan.FromMinutes(idleMinutes));
        table.Add($"memory after everything here and {idleMinutes} idle minutes", $"{server.Megabytes:0} MB", "", "≤ 250 MB with PostgreSQL's buffers");
    }

    private async Task<IngestBench> RunIngestAsync(Server server)
    {
        var ingest = new IngestBench(server, database, table, events);
        await ingest.WarmUpAsync();
        await using var discarding = await Server.StartDiscardingAsync();
        await ingest.RunAsync(senders: 1, "> 500,000", discarding);
        await ingest.RunAsync(senders: 4, "> 800,000", discarding);
        return ingest;
    }
}
