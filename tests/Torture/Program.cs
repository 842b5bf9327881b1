using System.Runtime.InteropServices;
using Bayou.Torture;
using Microsoft.Extensions.Configuration;

// Torture --seconds 30 --seed 1 [--cluster true [--rolling true]] --crash-database "bash crash.sh" --fill-disk "bash fill.sh", with BAYOU_DATABASE_URL naming a database with nothing to lose.
var settings = new ConfigurationBuilder().AddCommandLine(args).AddEnvironmentVariables().Build();
var length = TimeSpan.FromSeconds(settings.GetValue("seconds", 30));
var seed = settings.GetValue("seed", 1);
var database = settings["BAYOU_DATABASE_URL"] ?? throw new ArgumentException("BAYOU_DATABASE_URL names the database");
var isRolling = settings.GetValue("rolling", false);

using var patience = new CancellationTokenSource(length + TimeSpan.FromMinutes(4));
var ct = patience.Token;
var ledger = new Ledger();
await using var nodes = settings.GetValue("cluster", false) ? Nodes.Cluster(database, silos: 2, webs: 2, isRolling) : Nodes.Alone(database, count: 2);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ =>
{
    nodes.End(); // Nothing is left of a torture that is interrupted.
    Environment.Exit(143);
});
await nodes.StartAsync(ct);
await using var app = await MonitoredApp.StartAsync(nodes, seed, ct);

using var stop = new CancellationTokenSource(length);
var random = new Random(seed);
var senders = Enumerable.Range(0, 6).Select(i => new Sender(nodes, ledger, i, random.Next(), i % 2 == 0 ? Batch.OfRequests : Batch.OfLogs).RunAsync(stop.Token, ct)).ToList();
var reader = new LogReader(nodes);
var read = reader.RunAsync(Task.WhenAll(senders), ct);
var calls = app.CallAsync(stop.Token);
using var done = new CancellationTokenSource();
var kept = nodes.KeepAsync(done.Token);
ITrial trial = isRolling ? new RollingRestart(nodes, ledger) : new Chaos(nodes, settings["crash-database"], settings["fill-disk"], length, random.Next());
var balanced = isRolling ? nodes.BalanceAsync(done.Token) : Task.CompletedTask;
await trial.RunAsync(stop.Token, ct);

// Whatever is still open is sent until it is taken: from here on nobody dies.
await Task.WhenAll(senders);
await calls;
await app.StopAsync();
await read;
var verdict = await Verdict.OfAsync(nodes, ledger, app, database, length, ct);
await done.CancelAsync();
await kept;
await balanced;
List<string> differences = [.. verdict.Differences, .. reader.Differences(ledger.Lines), .. trial.Failures];
Console.WriteLine($"seed {seed}, {length.TotalSeconds} s: {trial}; {ledger}; {app}");
Console.WriteLine(differences.Count == 0
    ? $"Exactly right: {verdict.Windows} windows hold what was acknowledged, and nothing else; every line was seen once."
    : $"WRONG in {differences.Count} places:\n  {string.Join("\n  ", differences.Take(40))}");
return differences.Count == 0 ? 0 : 1;
