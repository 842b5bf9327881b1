using Npgsql;

namespace Bayou.Metrics;

/// <summary>A database of before ten minutes were marked: migration 0010.</summary>
public sealed class FormerRollupsTests
{
    // As it was: an hour was marked, and merged with its ten minutes at once, so that these are as old as the hour.
    private const string TurnBack = """
        DROP INDEX metric_rollups_600_window_start_idx, metric_rollups_3600_window_start_idx;
        INSERT INTO metric_marks (seconds, start)
        SELECT DISTINCT 3600, to_timestamp(floor(extract(epoch FROM start) / 3600) * 3600) FROM metric_marks WHERE seconds = 600
            ON CONFLICT DO NOTHING;
        DELETE FROM metric_marks WHERE seconds = 600;
        ALTER TABLE metric_marks RENAME TO metric_rollup_marks;
        ALTER TABLE metric_rollup_marks DROP CONSTRAINT metric_marks_seconds_check;
        ALTER TABLE metric_rollup_marks ADD CONSTRAINT metric_rollup_marks_seconds_check CHECK (seconds IN (3600, 86400));
        DELETE FROM schema_migrations WHERE name = '0010_ten_minute_marks.sql';
        """;

    [Fact]
    public async Task What_was_merged_and_what_was_not_is_read_and_merged_as_before()
    {
        await using var database = await TestDatabase.CreateAsync();
        var service = BayouServer.NewService();
        var day = new DateTimeOffset(DateTime.UtcNow.Date.AddDays(-2), TimeSpan.Zero);
        await using (var server = await BayouServer.StartAsync(database))
        {
            // An hour that is merged, one that was and has changed, one that never was.
            await server.SendAsync(Enumerable.Range(0, 90).Select(i => BayouServer.Observation(service, day.AddHours(3).AddMinutes(i))));
            await server.CountedAsync(service, 90);
            await server.RollUpAsync();
            await server.SendAsync(Enumerable.Range(0, 90).Select(i => BayouServer.Observation(service, day.AddHours(4).AddMinutes(i), "/late", 500)));
            await server.CountedAsync(service, 180);
        }

        await using (var db = NpgsqlDataSource.Create(database.Url))
        await using (var turnBack = db.CreateCommand(TurnBack))
        {
            await turnBack.ExecuteNonQueryAsync(BayouServer.Ct);
            await using var marked = db.CreateCommand(
                "SELECT string_agg(extract(hour FROM start AT TIME ZONE 'UTC')::text, ',' ORDER BY start) FROM metric_rollup_marks WHERE seconds = 3600 AND "
                    + "start < now() - interval '1 day'");
            Assert.Equal("4,5", (string)(await marked.ExecuteScalarAsync(BayouServer.Ct))!);
        }

        // What has changed, and what was never merged; the day besides. Nothing is merged before it was read once.
        await using var next = await BayouServer.StartAsync(database, ("Bayou:Metrics:RollUpAfterSeconds", "3600"));
        Assert.Equal((60, 90, 30), await HoursAsync(next, service, day));
        foreach (var _ in Resolution.All.Skip(1))
        {
            await using var quiet = next.Db.CreateCommand("UPDATE metric_marks SET touched_at = now() - interval '2 hours'");
            await quiet.ExecuteNonQueryAsync(BayouServer.Ct);
            await next.RollUpAsync();
        }

        await using var marks = next.Db.CreateCommand("SELECT count(*) FROM metric_marks WHERE start < now() - interval '1 day'");
        Assert.Equal(0L, await marks.ExecuteScalarAsync(BayouServer.Ct));
        Assert.Equal((60, 90, 30), await HoursAsync(next, service, day));
    }

    private static async Task<(int, int, int)> HoursAsync(BayouServer server, string service, DateTimeOffset day)
    {
        var (start, end) = (day.ToUnixTimeMilliseconds(), day.AddDays(1).ToUnixTimeMilliseconds());
        var points = (await server.DataAsync($"/metrics/aggregate?service={service}&start_date={start}&end_date={end}&window_size=3600")).AsArray();
        return ((int)points[0]!["traffic_count"]!, (int)points[1]!["traffic_count"]!, (int)points[2]!["traffic_count"]!);
    }
}
