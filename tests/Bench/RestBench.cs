namespace Bayou.Bench;

/// <summary>What a server costs that nobody sends anything to and nobody looks at.</summary>
internal sealed class RestBench(string url, BenchDatabase database, Table table)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Measured = TimeSpan.FromMinutes(2);

    public async Task RunAsync()
    {
        await using var idle = await Server.LaunchAsync("WebApi.dll", [], Server.AsInstalled(url));
        await Task.Delay(Quiet); // Its start is over, and PostgreSQL's after it.
        var (app, postgres) = (idle.CpuSeconds, database.CpuSeconds);
        await Task.Delay(Measured);
        (app, postgres) = ((idle.CpuSeconds - app) / Measured.TotalSeconds, (database.CpuSeconds - postgres) / Measured.TotalSeconds);
        table.Add("at rest, nothing sent and no page open: cores, app + PostgreSQL", $"{app:0.000} + {postgres:0.000}", "", "≤ 0.02 in all");
        table.Add("at rest: memory of its own and its share of what it has with others, app + PostgreSQL",
            $"{idle.ProportionalMegabytes:0} + {database.ProportionalMegabytes:0} MB", "", "≤ 300 MB in all");
    }
}
