namespace Bayou.Metrics;

public sealed class BackfillRollupTests
{
    [Fact]
    public async Task What_a_backfill_wrote_is_merged_once_it_is_quiet_without_waiting_for_the_schedule()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await BayouServer.StartAsync(database, ("Bayou:Metrics:RollUpEverySeconds", "1"));
        var service = BayouServer.NewService();
        var start = BayouServer.RecentMinute.AddHours(-6);
        await server.SendAsync(Enumerable.Range(0, 300).Select(i => BayouServer.Observation(service, start.AddMinutes(i % 60), $"/{i % 5}")));
        await server.CountedAsync(service, 300);
        await using var runs = server.Db.CreateCommand("SELECT count(*) FROM job_history WHERE type = 'metrics.rollup' AND created_by LIKE 'schedule:%'");
        // Bayou's own windows are of now: their ten minutes are not over.
        await using var unmerged = server.Db.CreateCommand("SELECT count(*) FROM metric_marks WHERE seconds = 600 AND start < now() - interval '1 hour'");
        await Eventually.SeesAsync(async () => (long)(await unmerged.ExecuteScalarAsync(BayouServer.Ct))!, marks => marks == 0);
        Assert.Equal(0L, await runs.ExecuteScalarAsync(BayouServer.Ct)); // No worker takes them here.
        await using var merged = server.Db.CreateCommand(
            "SELECT sum(w.traffic_count)::bigint FROM metric_rollups_600 w JOIN series s ON s.id = w.series_id WHERE s.endpoint LIKE 'GET %'");
        Assert.Equal(300L, await merged.ExecuteScalarAsync(BayouServer.Ct));
    }
}
