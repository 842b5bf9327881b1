using System.Diagnostics;
using System.Text.Json;

namespace Bayou.Bench;

/// <summary>What the middleware adds to a request, as BenchmarkDotNet measures it in a process of its own.</summary>
internal static class Middleware
{
    public static async Task RunAsync(Table table)
    {
        var program = Path.Combine(
            AppContext.BaseDirectory.Replace($"{Path.DirectorySeparatorChar}Bench{Path.DirectorySeparatorChar}",
            $"{Path.DirectorySeparatorChar}MiddlewareBench{Path.DirectorySeparatorChar}", StringComparison.Ordinal), "MiddlewareBench.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program]) { RedirectStandardOutput = true })!;
        var measured = JsonSerializer.Deserialize<Dictionary<string, double[]>>(await process.StandardOutput.ReadToEndAsync())!;
        var (with, without) = (measured["With"], measured["Without"]);
        table.Add("middleware: time it adds to a request", $"{(with[0] - without[0]) / 1_000:0.00} µs", $"{without[0] / 1_000:0.00} µs without it", "≤ 1 µs");
        var (posted, captured) = (measured["Posted"], measured["PostedCapturing"]);
        table.Add("middleware: time that capturing adds to a request that is not kept, 2 kB each way", $"{(captured[0] - posted[0]) / 1_000:0.00} µs",
            $"{posted[0] / 1_000:0.00} µs without it", "≤ 2 µs");
        table.Add("middleware: bytes it adds to a request", $"{with[1] - without[1]:0} B", $"{without[1]:0} B without it", "≤ 200 B");
    }
}
