using System.Runtime.InteropServices;

namespace Bayou.Torture;

/// <summary>What goes wrong, and for whom.</summary>
internal enum Trouble
{
    /// <summary>Kills and the like, for two servers that know nothing of each other.</summary>
    Alone,

    /// <summary>The same, for a cluster.</summary>
    Cluster,

    /// <summary>Nothing but the restart of each process of a cluster.</summary>
    Rolling,

    /// <summary>Silos of a cluster that come back at other addresses, more of them and fewer.</summary>
    Moving,

    /// <summary>Callers that mean harm, for one small server.</summary>
    Hostile,
}

/// <summary>One torture from the first process to the verdict.</summary>
internal static class Run
{
    // From the end of the trouble until all is counted.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private static readonly Func<Random, int, Batch>[] Kinds = [Batch.OfRequests, Batch.OfLogs, Batch.OfSnapshots, Batch.OfSpans];

    private const int Senders = 7;
    private const int OfFirstProject = 4; // of them; the others are of the second, and name their batches alike

    /// <param name="before">The folder of another version's build, beside which this one must work.</param>
    /// <returns>0 when everything that was acknowledged counts once; else 1.</returns>
    public static async Task<int> OnAsync(
        PrivatePostgres database, TimeSpan length, int seed, Trouble trouble, string? before, CancellationToken interrupted)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        patience.CancelAfter(length + Patience);
        var ct = patience.Token;
        var ledger = new Ledger();
        await using var nodes = trouble switch
        {
            Trouble.Hostile => Nodes.Small(database.Url),
            Trouble.Moving => Nodes.Moving(database.Url),
            Trouble.Alone => Nodes.Alone(database.Url, count: 2),
            _ => Nodes.Cluster(database.Url, silos: 2, webs: 2, drains: trouble == Trouble.Rolling),
        };
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => nodes.End()); // Nothing is left of a torture that is interrupted.
        foreach (var node in nodes.All)
        {
            node.Folder = before ?? node.Folder;
        }

        await nodes.StartAsync(ct);
        await nodes.MakeProjectsAsync(ct);
        var random = new Random(seed);
        ITrial trial = trouble switch
        {
            Trouble.Hostile => new Attack(nodes, ledger),
            Trouble.Rolling => new RollingRestart(nodes, ledger, before),
            Trouble.Moving => new Moving(nodes, random.Next()),
            _ => new Chaos(nodes, database, length, random.Next()),
        };
        await trial.PrepareAsync(ct);
        await using var app = await MonitoredApp.StartAsync(nodes, seed, ct);

        using var over = new CancellationTokenSource(length);
        using var stop = new CancellationTokenSource(); // Requests come until the trouble has ended.
        var pause = trouble == Trouble.Hostile ? 400 : 40; // milliseconds; a sender that is honest sends what a service says in that time
        var (kinds, feeds) = (Kinds, Enum.GetValues<Feed>());
        if (before is not null)
        {
            (kinds, feeds) = (kinds[..^1], feeds[..^1]); // It knows no spans.
        }

        var senders = Enumerable.Range(0, Senders).Select(i => new Sender(nodes, ledger, i % OfFirstProject, random.Next(),
            nodes.Projects[i / OfFirstProject], pause, kinds[i % OfFirstProject % kinds.Length]).RunAsync(stop.Token, ct)).ToList();
        var readers = nodes.Projects.SelectMany(_ => feeds, (project, feed) =>
            (Project: project, Feed: feed, Reader: new FeedReader(nodes, project, feed))).ToList();
        List<Visitor> visitors = trouble == Trouble.Rolling ? [.. nodes.Projects.Select(project => new Visitor(nodes, project))] : [];
        var visited = Task.WhenAll(visitors.Select(visitor => visitor.RunAsync(stop.Token, ct)));
        var read = Task.WhenAll(readers.Select(one => one.Reader.RunAsync(Task.WhenAll(senders), ct)));
        var calls = app.CallAsync(stop.Token);
        using var done = new CancellationTokenSource();
        var kept = nodes.KeepAsync(done.Token);
        var balanced = trouble == Trouble.Rolling ? nodes.BalanceAsync(done.Token) : Task.CompletedTask;
        await trial.RunAsync(over.Token, ct);
        await stop.CancelAsync();

        // Whatever is still open is sent until it is taken: from here on nobody dies.
        await Task.WhenAll(senders);
        await visited;
        await calls;
        await app.StopAsync();
        await read;
        var verdict = await Verdict.OfAsync(nodes, ledger, app, database.Url, length, ct);
        await done.CancelAsync();
        await kept;
        await balanced;
        List<string> differences =
            [.. verdict.Differences, .. readers.SelectMany(one => one.Reader.Differences(ledger.RowsOf(one.Project, one.Feed))), .. trial.Failures,
                .. visitors.SelectMany(visitor => visitor.Failures)];
        Console.WriteLine($"seed {seed}, {length.TotalSeconds} s: {trial}; {string.Join("; ", [ledger, app, .. visitors])}");
        Console.WriteLine(differences.Count == 0
            ? $"Exactly right: {verdict.Windows} windows hold what was acknowledged, and nothing else; every line, captured request and span was seen once."
            : $"WRONG in {differences.Count} places:\n  {string.Join("\n  ", differences.Take(40))}");
        return differences.Count == 0 ? 0 : 1;
    }
}
