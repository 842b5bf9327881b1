namespace Bayou.Torture;

/// <summary>Silos and web nodes for somebody to kill, each started again when it ends by itself, as every deployment must.</summary>
internal static class ByHand
{
    private const int Webs = 2;

    public static async Task RunAsync(int silos, int port, DirectoryInfo data, CancellationToken ct)
    {
        var database = Environment.GetEnvironmentVariable("BAYOU_DATABASE_URL") ?? throw new InvalidOperationException("BAYOU_DATABASE_URL names no database.");
        var folder = data.CreateSubdirectory("nodes");
        var page = Path.Combine(Repository.Root, "client-app", "dist");
        await using var nodes = new Nodes([
            .. Enumerable.Range(1, silos).Select(i => new Node("Silo", $"silo-{i}", database, new(ClusterMember.Settings($"silo-{i}")), isSeen: true)),
            .. Enumerable.Range(1, Webs)
            .Select(i => new Node("WebApi", $"web-{i}", database, new(ClusterMember.Settings($"web-{i}").Concat(ClusterMember.OfWeb))
            {
                ["Bayou__Ingest__Node"] = $"cluster:{data.FullName}:web-{i}",
            }, ["--webroot", page], port + i - 1, isSeen: true)),
        ]);
        try
        {
            await nodes.StartAsync(ct);
            Console.WriteLine(
                $"\nBayou is at http://localhost:{port} and at http://localhost:{port + 1}; its processes: http://localhost:{port}/dashboard/cluster");
            Console.WriteLine($"Process ids are in {folder.FullName}: kill one, and watch.   (Ctrl-C stops all; the data stays in {data.FullName})");
            var (rollout, step) = (new Rollout(nodes, folder), Task.CompletedTask);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "keeper.pid"), $"{Environment.ProcessId}\n", ct);
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1)); // not as fast as one can fail
            do
            {
                foreach (var node in nodes.All)
                {
                    node.Keep();
                    await File.WriteAllTextAsync(Path.Combine(folder.FullName, $"{node.Name}.pid"), $"{node.ProcessId}\n", ct);
                }

                if (step.IsCompleted)
                {
                    await step; // What went wrong with it is thrown here.
                    step = rollout.StepAsync(ct);
                }
            }
            while (await timer.WaitForNextTickAsync(ct));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Web nodes first: they still deliver to the silos what they have taken.
            foreach (var node in nodes.All.Reverse())
            {
                await node.EndAsync(CancellationToken.None);
            }
        }
    }
}
