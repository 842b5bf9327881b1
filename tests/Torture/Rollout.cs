namespace Bayou.Torture;

/// <summary>
/// Has a running cluster go to another build, step by step, as <c>infra/rollout.sh</c> asks: <c>STEP.wanted</c> in the folder names the build's folder,
/// <c>STEP.runs</c> says which is there, or which failed. The steps are those on ECS: migrations, silos, web nodes.
/// </summary>
internal sealed class Rollout
{
    private const int Lives = 2; // An end by itself may be bad luck; another is the build.

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Nodes _nodes;
    private readonly DirectoryInfo _folder;
    private readonly (string Name, Func<string, CancellationToken, Task<string?>> TryAsync)[] _steps;

    public Rollout(Nodes nodes, DirectoryInfo folder)
    {
        (_nodes, _folder) = (nodes, folder);
        _steps = [("migrations", MigrateAsync), ("silo", (build, ct) => ReplaceAsync(isWeb: false, build, ct)),
            ("web", (build, ct) => ReplaceAsync(isWeb: true, build, ct))];
        foreach (var (step, _) in _steps)
        {
            File.Delete(PathOf(step, "wanted")); // a former cluster's
            File.WriteAllText(PathOf(step, "runs"), $"{AppContext.BaseDirectory}\n");
        }
    }

    /// <summary>Does what is asked for, if anything is.</summary>
    public async Task StepAsync(CancellationToken ct)
    {
        foreach (var (step, tryAsync) in _steps)
        {
            if (!File.Exists(PathOf(step, "wanted")))
            {
                continue;
            }

            var build = (await File.ReadAllTextAsync(PathOf(step, "wanted"), ct)).Trim();
            var trouble = await tryAsync(build, ct);
            await File.WriteAllTextAsync(PathOf(step, "runs"), trouble is null ? $"{build}\n" : $"failed: {trouble}\n", ct);
            File.Delete(PathOf(step, "wanted")); // Last: who asked waits for this.
        }
    }

    private async Task<string?> MigrateAsync(string build, CancellationToken ct)
    {
        var silo = _nodes.All.First(node => !node.IsWeb);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            return await silo.RunAsync(build, "migrate", patience.Token) is 0 ? null : "the database cannot be brought up to it";
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return $"the database was not brought up to it in {Patience.TotalSeconds} s";
        }
    }

    /// <summary>One after the other; the first that does not serve is the last.</summary>
    private async Task<string?> ReplaceAsync(bool isWeb, string build, CancellationToken ct)
    {
        foreach (var node in _nodes.All.Where(node => node.IsWeb == isWeb && node.Folder != build))
        {
            await node.EndAsync(ct);
            node.Folder = build;
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
            patience.CancelAfter(Patience);
            try
            {
                if (!await node.StartAsync(_nodes.Http, Lives, patience.Token))
                {
                    return $"{node.Name} ends by itself";
                }
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                return $"{node.Name} did not become ready in {Patience.TotalSeconds} s";
            }
        }

        return null;
    }

    private string PathOf(string step, string what) => Path.Combine(_folder.FullName, $"{step}.{what}");
}
