using System.CommandLine;
using System.Runtime.InteropServices;
using Bayou;
using Bayou.Bench;
using Bayou.Database;
using Npgsql;

if (args is ["--discard", ..])
{
    await Discard.RunAsync(args[1..]);
    return 0;
}

using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Environment.Exit(143)); // So that its servers end with it.
var events = new Option<int>("--events") { Description = "Observations in each part of ingest", DefaultValueFactory = _ => 2_000_000 };
var idle = new Option<int>("--idle") { Description = "Minutes of rest before memory is read for the last time", DefaultValueFactory = _ => 2 };
var growth = new Option<int[]>("--growth") { Description = "Millions of windows to store, as in 1,10,100", CustomParser = Millions.Parse };
var lines = new Option<int?>("--logs") { Description = "Log lines only, so many" };
var loghub = new Option<DirectoryInfo>("--loghub") { Description = "A folder of CSV files with the columns Content and EventId, to find patterns in" };
loghub.AcceptExistingOnly();
var search = new Option<DirectoryInfo>("--search") { Description = "A folder of such files, to ask questions about; with --queries" };
search.AcceptExistingOnly();
var queries = new Option<FileInfo>("--queries") { Description = "Questions, one a line: the set's name, words, EventId:grade,…, between them tabs" };
queries.AcceptExistingOnly();
var cluster = new Option<bool>("--cluster") { Description = "Silos and web nodes only, beside one process" };
var access = new Option<bool>("--access") { Description = "What it costs to know who calls" };
var cold = new Option<bool>("--cold") { Description = "The first events after a start only" };
var ingest = new Option<bool>("--ingest") { Description = "Ingest of requests by a warm process only" };
var jobs = new Option<int?>("--jobs") { Description = "Jobs only, with so many waiting at most" };
var replay = new Option<int?>("--replay") { Description = "Captured requests only, so many" };
var traces = new Option<int?>("--traces") { Description = "Spans only, so many" };
var peers = new Option<bool>("--peers") { Description = "Other job queues only, beside which --jobs is" };
var rest = new Option<bool>("--rest") { Description = "What it costs at rest only" };
var command = new RootCommand("Measures against a private database and prints one table, also as JSON in artifacts/bench.") { events, idle, growth, lines,
    loghub, search, queries, access, cluster, cold, rest, ingest, jobs, peers, replay, traces };
command.SetAction(async arguments =>
{
    await using var postgres = await PrivatePostgres.StartAsync("durable");
    await using var source = NpgsqlDataSource.Create(new DatabaseOptions { Url = postgres.Url }.ConnectionString());
    var (table, database) = (new Table(), new BenchDatabase(source, postgres.Postmaster));
    var (isCluster, isCold, isRest) = (arguments.GetValue(cluster), arguments.GetValue(cold), arguments.GetValue(rest));
    var isIngest = arguments.GetValue(ingest);
    var isAccess = arguments.GetValue(access);
    var isJobs = arguments.GetValue(jobs) is not null;
    var isSearch = arguments.GetValue(search) is not null || arguments.GetValue(loghub) is not null;
    var isPeers = arguments.GetValue(peers);
    var isReplay = arguments.GetValue(replay) is not null;
    var isTraces = arguments.GetValue(traces) is not null;
    var isPart = isTraces || isReplay || isPeers || isJobs || isAccess || isCluster || isCold || isRest || isIngest || isSearch;
    var isWhole = !isPart && arguments.GetValue(lines) is null;
    if (isAccess || isWhole)
    {
        await new AccessBench(postgres.Url, table).RunAsync();
    }

    if (isJobs || isWhole)
    {
        await using var other = await PrivatePostgres.StartAsync("durable"); // What comes after is measured without these jobs.
        await using var otherSource = NpgsqlDataSource.Create(new DatabaseOptions { Url = other.Url }.ConnectionString());
        await new JobBench(other.Url, new(otherSource, other.Postmaster), table, arguments.GetValue(jobs) ?? 1_000_000).RunAsync();
    }

    if (isReplay || isWhole)
    {
        await using var other = await PrivatePostgres.StartAsync("durable");
        await using var otherSource = NpgsqlDataSource.Create(new DatabaseOptions { Url = other.Url }.ConnectionString());
        await using var server = await Server.StartAsync(other.Url, table);
        await new ReplayBench(server, new(otherSource, other.Postmaster), table, arguments.GetValue(replay) ?? 1_000_000).RunAsync();
    }

    if (isTraces || isWhole)
    {
        await using var other = await PrivatePostgres.StartAsync("durable");
        await using var otherSource = NpgsqlDataSource.Create(new DatabaseOptions { Url = other.Url }.ConnectionString());
        await using var server = await Server.StartAsync(TraceBench.Settings(other.Url), table);
        await new TraceBench(server, new(otherSource, other.Postmaster), table, arguments.GetValue(traces) ?? 2_000_000).RunAsync();
    }

    if (isPeers)
    {
        await new PeerBench(postgres.Url, table).RunAsync();
    }

    if (isCluster)
    {
        await new ClusterBench(postgres.Url, database, table, arguments.GetValue(events)).RunAsync();
    }

    if (isIngest)
    {
        await new WholeBench(postgres.Url, database, table, arguments.GetValue(events)).RunIngestAsync();
    }

    if (isRest || isWhole)
    {
        await new RestBench(postgres.Url, database, table).RunAsync();
    }

    if (isCold || isWhole)
    {
        await using var other = await PrivatePostgres.StartAsync("durable"); // What comes after is measured without these events.
        await using var otherSource = NpgsqlDataSource.Create(new DatabaseOptions { Url = other.Url }.ConnectionString());
        await new ColdBench(other.Url, new(otherSource, other.Postmaster), table, arguments.GetValue(events)).RunAsync();
    }

    if (isWhole)
    {
        await new WholeBench(postgres.Url, database, table, arguments.GetValue(events)).RunAsync(arguments.GetValue(growth) ?? [], arguments.GetValue(idle));
    }

    if (arguments.GetValue(loghub) is { } folder)
    {
        PatternBench.Run(table, folder.FullName);
    }

    if (arguments.GetValue(search) is { } sets && arguments.GetValue(queries) is { } asked)
    {
        await using var server = await Server.StartAsync(postgres.Url, table);
        await new SearchBench(server, database, table, sets.FullName, asked.FullName).RunAsync();
    }

    if (!isPart && (arguments.GetValue(lines) ?? 5_000_000) is > 0 and var count)
    {
        await using var server = await Server.StartAsync(postgres.Url, table);
        await new LogBench(server, database, table, count).RunAsync();
    }

    Console.WriteLine(table);
    var folderOfResults = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "bench"));
    await File.WriteAllTextAsync(Path.Combine(folderOfResults.FullName, "bench.json"), table.ToJson());
    return 0;
});
return await command.Parse(args).InvokeAsync();
