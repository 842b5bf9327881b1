using Bayou.Bench;
using Bayou.Database;
using Microsoft.Extensions.Configuration;
using Npgsql;

// Bench --events 2000000 --postmaster PID --out FILE, with BAYOU_DATABASE_URL naming a database with nothing to lose.
var settings = new ConfigurationBuilder().AddCommandLine(args).AddEnvironmentVariables().Build();
var events = settings.GetValue("events", 2_000_000);
var url = settings["BAYOU_DATABASE_URL"] ?? throw new ArgumentException("BAYOU_DATABASE_URL names the database");
var postmaster = settings.GetValue<int>("postmaster");
await using var db = NpgsqlDataSource.Create(new DatabaseOptions { Url = url }.ConnectionString());

var table = new Table();
await using (var server = await Server.StartAsync(url, table))
{
    var bench = new IngestBench(server, db, postmaster, table, events);
    await bench.WarmUpAsync();
    await bench.RunAsync(senders: 1);
    await bench.RunAsync(senders: 4);
    await bench.CopyAsync();
    await bench.SizeAsync();
    table.Add("memory after the ingest", $"{server.Megabytes:0} MB", "", "≤ 250 MB with PostgreSQL's buffers");
    await new QueryBench(server, db, table).RunAsync();
}

Console.WriteLine(table);
if (settings["out"] is { } file)
{
    await File.WriteAllTextAsync(file, table.ToJson());
}
