using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Bayou.Database;

namespace Bayou.Bench;

/// <summary>Other job queues, on the same machine and PostgreSQL, each as its documents say that it is fastest.</summary>
internal sealed class PeerBench(string url, Table table)
{
    private const int OfNode = 50_000;
    private const int OfHangfire = 4_000;

    public async Task RunAsync()
    {
        var connection = new DatabaseOptions { Url = url }.ConnectionString();
        Add(await HangfirePeer.RunAsync(connection, OfHangfire));
        var folder = Path.Combine(Repository.Root, "tests", "Bench", "Peers");
        await ExecuteAsync(folder, "npm", ["install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"]);
        var builder = new Npgsql.NpgsqlConnectionStringBuilder(connection);
        var who = $"{Uri.EscapeDataString(builder.Username!)}:{Uri.EscapeDataString(builder.Password!)}";
        var address = $"postgres://{who}@{builder.Host}:{builder.Port}/{builder.Database}";
        foreach (var line in (await ExecuteAsync(folder, "node", ["peers.mjs", address, $"{OfNode}"])).Split('\n').Where(line => line.StartsWith('{')))
        {
            Add(JsonSerializer.Deserialize<PeerFigures>(line, JsonSerializerOptions.Web)!);
        }
    }

    private void Add(PeerFigures peer) => table.Add(
        $"{peer.Name}: jobs/s done", string.Create(CultureInfo.InvariantCulture, $"{peer.Done:#,0}"),
        string.Create(CultureInfo.InvariantCulture, $"enqueued {peer.Enqueued:#,0}/s; begins after p50 {peer.P50:0.0} ms, p99 {peer.P99:0.0} ms"), "");

    private static async Task<string> ExecuteAsync(string folder, string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {arguments[0]} ended with {process.ExitCode}.");
    }
}
