using System.Runtime.InteropServices;
using Bayou.Bench;
using Bayou.Database;
using Npgsql;

// Bench --events 2000000 --postmaster PID --middleware MiddlewareBench.dll --out FILE [--cluster true] [--logs 5000000] [--loghub FOLDER] [--growth 1,10] [--idle 60], with BAYOU_DATABASE_URL naming a database with nothing to lose.
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Environment.Exit(143)); // So that its servers end with it.
var settings = new ConfigurationBuilder().AddCommandLine(args).AddEnvironmentVariables().Build();
if (settings.GetValue<bool>("discard"))
{
    await Discard.RunAsync(args);
    return;
}

var events = settings.GetValue("events", 2_000_000);
var url = settings["BAYOU_DATABASE_URL"] ?? throw new ArgumentException("BAYOU_DATABASE_URL names the database");
await using var source = NpgsqlDataSource.Create(new DatabaseOptions { Url = url }.ConnectionString());
var database = new BenchDatabase(source, settings.GetValue<int>("postmaster"));

var table = new Table();
if (settings.GetValue("cluster", false))
{
    await new ClusterBench(url, database, table, events).RunAsync();
}
else if (settings["logs"] is null)
{
    await RunAsync();
}

if (settings["loghub"] is { } folder)
{
    PatternBench.Run(table, folder);
}

if (!settings.GetValue("cluster", false) && settings.GetValue("logs", 5_000_000) is > 0 and var lines)
{
    await using var server = await Server.StartAsync(url, table);
    await new LogBench(server, database, table, lines).RunAsync();
}

Console.WriteLine(table);
if (settings["out"] is { } file)
{
    await File.WriteAllTextAsync(file, table.ToJson());
}

async Task RunAsync()
{
    await Middleware.RunAsync(table, settings["middleware"] ?? throw new ArgumentException("--middleware names MiddlewareBench.dll"));
    await using (var server = await Server.StartAsync(url, table))
    {
        var ingest = new IngestBench(server, database, table, events);
        var queries = new QueryBench(server, database, table);
        await ingest.WarmUpAsync();
        await using (var discarding = await Server.StartDiscardingAsync())
        {
            await ingest.RunAsync(senders: 1, "> 500,000", discarding);
            await ingest.RunAsync(senders: 4, "> 800,000", discarding);
        }

        var rightAfter = server.Megabytes;
        await Task.Delay(TimeSpan.FromMinutes(1)); // It gives memory back when it has been quiet for half of it.
        table.Add("memory a minute after the ingest", $"{server.Megabytes:0} MB", $"{rightAfter:0} MB right after it", "≤ 250 MB with PostgreSQL's buffers");
        await ingest.CopyAsync();
        await ingest.SizeAsync();
        await queries.RunAsync();
        await queries.RunWeekAsync();
        await new PollBench(server, database, table).RunAsync();
        await ingest.RunDayAsync();
        if (settings["growth"] is { } millions)
        {
            await ingest.RunGrowthAsync([200, 2_000, 20_000]);
            await queries.RunGrowthAsync(millions.Split(',').Select(text => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture)));
        }

        var idle = settings.GetValue("idle", 2);
        await Task.Delay(TimeSpan.FromMinutes(idle));
        table.Add($"memory after everything here and {idle} idle minutes", $"{server.Megabytes:0} MB", "", "≤ 250 MB with PostgreSQL's buffers");
    }
}
