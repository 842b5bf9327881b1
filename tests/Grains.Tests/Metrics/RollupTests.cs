using Npgsql;

namespace Bayou.Metrics;

[Collection("partitions")] // Dropping those past retention takes away what a neighbour has just made.
public sealed class RollupTests(GrainCluster cluster)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private IRollupGrain Rollup => cluster.Grains.GetGrain<IRollupGrain>(IRollupGrain.Key);

    [Fact]
    public async Task Windows_are_merged_by_ten_minutes_hour_and_day_and_late_ones_too()
    {
        var series = await cluster.NewSeriesAsync();
        var hour = HourAgo(26);
        var epoch = 0;
        for (var minute = 0; minute < 60; minute += 4)
        {
            await WriteAsync(series, hour.AddMinutes(minute), ++epoch, count: minute + 1);
        }

        await RunUntilUnmarkedAsync(hour);
        await ExpectMergedAsync(series, hour);
        Assert.Equal(6, await CountAsync(Resolution.TenMinutes, series));
        Assert.Equal(1, await CountAsync(Resolution.Hour, series));
        Assert.Equal(1, await CountAsync(Resolution.Day, series));

        await WriteAsync(series, hour.AddMinutes(4), ++epoch, count: 1_000); // An old window grows.
        await WriteAsync(series, hour.AddMinutes(5), ++epoch, count: 7); // A new one comes.
        Assert.True(await IsMarkedAsync(Resolution.TenMinutes, hour));
        await RunUntilUnmarkedAsync(hour);
        await ExpectMergedAsync(series, hour);
    }

    [Fact]
    public async Task A_run_that_dies_half_way_changes_nothing_and_the_next_goes_through()
    {
        var series = await cluster.NewSeriesAsync();
        var hour = HourAgo(50);
        await WriteAsync(series, hour, epoch: 1, count: 5);
        await RunUntilUnmarkedAsync(hour);
        await WriteAsync(series, hour, epoch: 2, count: 6);

        await using (var blocker = await cluster.Db.OpenConnectionAsync(Ct))
        {
            // The mark of ten minutes is gone, their rows are not.
            await using var transaction = await blocker.BeginTransactionAsync(Ct);
            await using var block = new NpgsqlCommand("LOCK TABLE metric_rollups_600 IN ACCESS EXCLUSIVE MODE", blocker);
            await block.ExecuteNonQueryAsync(Ct);
            var run = Rollup.RunAsync(Ct);
            await using var kill = cluster.Db.CreateCommand("""
                SELECT count(pg_terminate_backend(l.pid)) FROM pg_locks l
                 WHERE l.relation = 'metric_rollups_600'::regclass AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                     AND NOT l.granted
                """);
            await Eventually.SeesAsync(async () => (long)(await kill.ExecuteScalarAsync(Ct))!, killed => killed > 0);
            await Assert.ThrowsAnyAsync<Exception>(() => run);
        }

        Assert.True(await IsMarkedAsync(Resolution.TenMinutes, hour));
        Assert.Equal(5, await SumAsync(Resolution.TenMinutes, series, hour));
        Assert.Equal(5, await SumAsync(Resolution.Hour, series, hour));
        await RunUntilUnmarkedAsync(hour);
        await ExpectMergedAsync(series, hour);
    }

    [Fact]
    public async Task Whatever_is_written_while_hours_are_merged_by_several_at_once_is_in_at_the_end()
    {
        var series = await cluster.NewSeriesAsync();
        var hour = HourAgo(74);
        var writing = Task.Run(async () =>
        {
            for (var epoch = 1; epoch <= 60; epoch++)
            {
                await WriteAsync(series, hour.AddMinutes(epoch % 7), epoch, count: epoch);
            }
        }, Ct);
        while (!writing.IsCompleted)
        {
            await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Rollup.RunAsync(Ct)));
        }

        await writing;
        await RunUntilUnmarkedAsync(hour);
        Assert.Equal(60 * 61 / 2, await SumAsync(Resolution.Hour, series, hour));
        await ExpectMergedAsync(series, hour);
    }

    [Fact]
    public async Task A_partition_waits_with_its_end_until_its_hours_are_merged()
    {
        var series = await cluster.NewSeriesAsync();
        var hour = HourAgo(24 * 20);
        await cluster.Partitions.EnsureAsync(Resolution.Minute, [hour], Ct);
        await WriteAsync(series, hour, epoch: 1, count: 3);
        var name = Resolution.Minute.PartitionName(Resolution.Minute.PartitionOf(hour));
        Assert.DoesNotContain(name, await cluster.Partitions.DropAsync(DateTimeOffset.UtcNow, Ct));
        await RunUntilUnmarkedAsync(hour);
        Assert.Contains(name, await cluster.Partitions.DropAsync(DateTimeOffset.UtcNow, Ct));
        Assert.Equal(3, await SumAsync(Resolution.Hour, series, hour));
        Assert.Equal(3, await SumAsync(Resolution.Day, series, hour));
    }

    [Fact]
    public async Task An_hour_of_more_windows_than_fit_a_page()
    {
        const int Series = 1_100; // 11,000 windows in each ten minutes
        var hour = HourAgo(74);
        await cluster.Partitions.EnsureAsync(Resolution.Minute, [hour], Ct);
        var first = await cluster.NewSeriesAsync();
        await using (var insert = cluster.Db.CreateCommand($"""
            WITH many AS (
                INSERT INTO series (project_id, service, endpoint)
                SELECT project_id, service, 'GET /' || n FROM series, generate_series(1, {Series}) n WHERE id = {first}
                RETURNING id)
            INSERT INTO metric_windows (id, series_id, window_start, version, applied, figures, request_size, response_size, duration_sum, duration_max,
                   traffic_count, status_1xx, status_2xx, status_3xx, status_4xx, status_5xx, p50, p95, p99)
            SELECT nextval('metric_windows_id_seq'), many.id, $1 + make_interval(mins => n), 1, '{"{}"}', $2, 1, 1, 1, 1, 2, 0, 2, 0, 0, 0, 1, 1, 1
              FROM many, generate_series(0, 59) n
            """))
        {
            var figures = new WindowFigures();
            figures.Add(200, 1_000, 1, 2);
            figures.Add(200, 2_000, 1, 2);
            insert.Parameters.Add(new() { Value = hour.UtcDateTime });
            insert.Parameters.Add(new() { Value = figures.ToBytes() });
            await insert.ExecuteNonQueryAsync(Ct);
        }

        for (var part = 0; part < 6; part++)
        {
            await WriteAsync(first, hour.AddMinutes(part * 10), epoch: 1, count: 1); // Marks these ten minutes.
        }

        await RunUntilUnmarkedAsync(hour);
        foreach (var (resolution, windows) in ((Resolution, int)[])[(Resolution.TenMinutes, 6), (Resolution.Hour, 1)])
        {
            var rows =
                $"FROM {resolution.Table} WHERE series_id IN (SELECT s.id FROM series s JOIN series f USING (service) WHERE f.id = {first} AND s.id <> f.id) "
                    + $"AND window_start >= '{hour:O}' AND window_start < '{hour.AddHours(1):O}'";
            Assert.Equal(Series * windows, await ScalarAsync($"SELECT count(*) {rows}"));
            Assert.Equal(Series * 120, await ScalarAsync($"SELECT sum(traffic_count)::bigint {rows}"));
        }
    }

    private static DateTimeOffset HourAgo(int hours) => Resolution.Hour.StartOf(DateTimeOffset.UtcNow.AddHours(-hours));

    private async Task WriteAsync(int series, DateTimeOffset window, int epoch, int count)
    {
        var key = new WindowKey(series, window.ToUnixTimeSeconds());
        var state = new WindowState(key, await cluster.Loader.LoadAsync(key, Ct));
        var figures = new WindowFigures();
        for (var i = 0; i < count; i++)
        {
            figures.Add(i % 10 == 0 ? 500 : 200, 1_000 + (epoch * 37) + i, 1, 2);
        }

        state.Apply(new(epoch, 0, 1, 1, figures.ToBytes()));
        Assert.Equal([key], await cluster.Writer.WriteAsync([state.TakeSnapshot()!], Ct));
    }

    private async Task RunUntilUnmarkedAsync(DateTimeOffset hour)
    {
        await Eventually.SeesAsync(
            async () =>
            {
                await Rollup.RunAsync(Ct);
                return await ScalarAsync(
                    $"SELECT count(*) FROM metric_marks WHERE start + make_interval(secs => seconds) > '{hour:O}' AND start < '{hour.AddHours(1):O}'");
            },
            marks => marks == 0);
    }

    /// <summary>Each longer row is exactly what the windows it stands for come to.</summary>
    private async Task ExpectMergedAsync(int series, DateTimeOffset hour)
    {
        var minutes = await FiguresAsync(Resolution.Minute, series, hour);
        foreach (var resolution in Resolution.All.Skip(1))
        {
            var merged = await FiguresAsync(resolution, series, resolution.StartOf(hour));
            Assert.Equal(minutes.ToBytes(), merged.ToBytes());
            Assert.Equal(minutes.Count, await SumAsync(resolution, series, hour));
        }
    }

    private async Task<WindowFigures> FiguresAsync(Resolution resolution, int series, DateTimeOffset from)
    {
        await using var command = cluster.Db.CreateCommand($"SELECT figures FROM {resolution.Table} WHERE series_id = $1 AND window_start >= $2");
        command.Parameters.Add(new() { Value = series });
        command.Parameters.Add(new() { Value = from.UtcDateTime });
        await using var reader = await command.ExecuteReaderAsync(Ct);
        var sum = new WindowFigures();
        while (await reader.ReadAsync(Ct))
        {
            sum.MergeFrom(reader.GetFieldValue<byte[]>(0));
        }

        return sum;
    }

    private Task<long> CountAsync(Resolution resolution, int series) => ScalarAsync($"SELECT count(*) FROM {resolution.Table} WHERE series_id = {series}");

    private Task<long> SumAsync(Resolution resolution, int series, DateTimeOffset from) =>
        ScalarAsync(
            $"SELECT coalesce(sum(traffic_count), 0)::bigint FROM {resolution.Table} WHERE series_id = {series} AND window_start >= "
                + $"'{resolution.StartOf(from):O}'");

    private async Task<bool> IsMarkedAsync(Resolution resolution, DateTimeOffset time) =>
        await ScalarAsync($"SELECT count(*) FROM metric_marks WHERE seconds = {resolution.Seconds} AND start = '{resolution.StartOf(time):O}'") > 0;

    private async Task<long> ScalarAsync(string sql)
    {
        await using var command = cluster.Db.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }
}
