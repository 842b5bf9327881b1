namespace Bayou.Bench;

/// <summary>What a start costs: the first answer, the first events while all code is new, and rest.</summary>
internal sealed class ColdBench(string url, BenchDatabase database, Table table, int events)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Measured = TimeSpan.FromMinutes(2);

    public async Task RunAsync()
    {
        await using (var idle = await Server.LaunchAsync("WebApi.dll", [], Server.AsInstalled(url)))
        {
            await Task.Delay(Quiet); // Its start is over, and PostgreSQL's after it.
            var (app, postgres) = (idle.CpuSeconds, database.CpuSeconds);
            await Task.Delay(Measured);
            (app, postgres) = ((idle.CpuSeconds - app) / Measured.TotalSeconds, (database.CpuSeconds - postgres) / Measured.TotalSeconds);
            table.Add("idle, nothing sent and no page open: cores, app + PostgreSQL", $"{app:0.000} + {postgres:0.000}", "", "≤ 0.02 in all");
            table.Add("idle: memory of its own and its share of what it has with others, app + PostgreSQL", $"{idle.ProportionalMegabytes:0} + {database.ProportionalMegabytes:0} MB", "", "≤ 300 MB in all");
        }

        foreach (var senders in (int[])[1, 4])
        {
            await using var cold = await Server.LaunchAsync("WebApi.dll", [], Server.Settings(url));
            var ingest = new IngestBench(cold, database, table, events);
            var (taken, settled, cpu) = await ingest.SendAsync(cold, [.. new EventSource().Bodies($"cold{senders}", events, IngestBench.Lines)], senders);
            table.Add($"first {events:#,0} events after a start, {senders} sender{(senders == 1 ? "" : "s")}: events/s acknowledged", $"{events / taken.TotalSeconds:#,0}", $"all in its window after {settled.TotalSeconds:0.0} s", "≥ 400,000");
            table.Add("the same: CPU s per 1M, app + PostgreSQL", $"{cpu.App:0.00} + {cpu.Postgres:0.00}", "", "");
        }
    }
}
