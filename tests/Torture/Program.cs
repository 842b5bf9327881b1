using System.CommandLine;
using Bayou;
using Bayou.Hosting;
using Bayou.Jobs;
using Bayou.Torture;

if (args is ["worker", .. var settings])
{
    // A server that knows two more types of jobs.
    return await BayouProgram.RunAsync(
        () => Api.Build(services => services.AddJob<RowJob, RowPayload>().AddJob<KillJob, RowPayload>(), settings), Console.Error);
}

var seconds = new Option<int>("--seconds") { Description = "How long things go wrong", DefaultValueFactory = _ => 30 };
var seed = new Option<int>("--seed") { Description = "What goes wrong, and when, follows from it", DefaultValueFactory = _ => 1 };
var cluster = new Option<bool>("--cluster") { Description = "Silos and web nodes of their own, instead of two servers that know nothing of each other" };
var rolling = new Option<bool>("--rolling") { Description = "Restarts each process of a cluster in turn: no request may fail" };
var before = new Option<DirectoryInfo?>("--before") { Description = "With --rolling: the build of another version, from which and back to which it goes" };
var moving = new Option<bool>("--moving") { Description = "Silos of a cluster come back at other addresses, more of them and fewer, as on Fargate" };
var hostile = new Option<bool>("--hostile") { Description = "Attacks one server with 768 MB of memory: honest senders must be answered in time" };
var jobs = new Option<bool>("--jobs") { Description = "Jobs and schedules instead of ingest: each must run once" };
var fuzz =
    new Option<int>("--fuzz") { Description = "Sends wrong requests to every address for so many seconds instead: each must be answered, and none with 500" };
var command =
    new RootCommand("Kills and freezes servers and database at random under load, and fills its disk; then every acknowledged item must count exactly once.")
{
    seconds, seed, cluster, rolling, before, moving, hostile, jobs, fuzz,
};
command.SetAction(async (arguments, ct) =>
{
    if (arguments.GetValue(fuzz) is > 0 and var wrong)
    {
        await using var ordinary = await PrivatePostgres.StartAsync("durable");
        return await Fuzzer.RunAsync(ordinary, TimeSpan.FromSeconds(wrong), arguments.GetValue(seed), ct);
    }

    var length = TimeSpan.FromSeconds(arguments.GetValue(seconds));
    await using var database = await PrivatePostgres.StartAsync("durable", disk: length <= TimeSpan.FromMinutes(2) ? "1g" : "3g"); // with room
    Console.WriteLine(database.Disk is not null ? "The database is on a small disk."
        : "The disk is never full in this run: only root can mount one small enough, where the database may live.");
    if (arguments.GetValue(jobs))
    {
        return await JobTrial.RunAsync(database, length, arguments.GetValue(seed), ct);
    }

    (Option<bool> Given, Trouble Trouble)[] troubles =
        [(hostile, Trouble.Hostile), (rolling, Trouble.Rolling), (moving, Trouble.Moving), (cluster, Trouble.Cluster)];
    var trouble = troubles.Where(one => arguments.GetValue(one.Given)).Select(one => one.Trouble).FirstOrDefault(Trouble.Alone);
    return await Run.OnAsync(database, length, arguments.GetValue(seed), trouble, arguments.GetValue(before)?.FullName, ct);
});

var silos = new Argument<int>("silos") { Description = "How many" };
var port = new Option<int>("--port") { Description = "Of the first of two web nodes", DefaultValueFactory = _ => 5080 };
var data = new Option<DirectoryInfo>("--data") { Description = "Where the numbers of the processes are written", Required = true };
var byHand = new Command("cluster", "Silos and two web nodes to be killed by hand, on the database that BAYOU_DATABASE_URL names.") { silos, port, data };
byHand.SetAction((arguments, ct) => ByHand.RunAsync(arguments.GetValue(silos), arguments.GetValue(port), arguments.GetRequiredValue(data), ct));
command.Subcommands.Add(byHand);
return await command.Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) }); // Processes are to be ended in order.
