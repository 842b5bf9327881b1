namespace Bayou.Bench;

/// <summary>The first events after a start, while all code is new.</summary>
internal sealed class ColdBench(string url, BenchDatabase database, Table table, int events)
{
    public async Task RunAsync()
    {
        foreach (var senders in (int[])[1, 4])
        {
            await using var cold = await Server.LaunchAsync("WebApi.dll", [], Server.Settings(url));
            var ingest = new IngestBench(cold, database, table, events);
            var (taken, settled, cpu) = await ingest.SendAsync(cold, [.. new EventSource().Bodies($"cold{senders}", events, IngestBench.Lines)], senders);
            table.Add($"first {events:#,0} events after a start, {senders} sender{(senders == 1 ? "" : "s")}: events/s acknowledged",
                $"{events / taken.TotalSeconds:#,0}", $"all in its window after {settled.TotalSeconds:0.0} s", "≥ 400,000");
            table.Add("the same: CPU s per 1M, app + PostgreSQL", $"{cpu.App:0.00} + {cpu.Postgres:0.00}", "", "");
        }
    }
}
