namespace Bayou.Metrics;

[Collection("partitions")] // Dropping those past retention takes away what a neighbour has just made.
public sealed class WindowWriterTests(GrainCluster cluster)
{
    [Fact]
    public async Task A_poller_misses_no_revision_of_many_writers()
    {
        var ct = TestContext.Current.CancellationToken;
        const int Writers = 8, Rounds = 25, Windows = 20;
        var start = WindowKey.StartOf(DateTimeOffset.UtcNow);
        var series = await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => cluster.NewSeriesAsync()));
        var cursor = await MaxIdAsync(ct);
        var seen = new Dictionary<WindowKey, long>();

        var writing = Task.WhenAll(series.Select(async id =>
        {
            var states = Enumerable.Range(0, Windows).Select(i => new WindowState(new(id, start - (i * 60)), WindowRow.None)).ToList();
            for (var round = 1; round <= Rounds; round++)
            {
                states.ForEach(state => state.Apply(new(1, 0, round, round, One())));
                var written = await cluster.Writer.WriteAsync([.. states.Select(state => state.TakeSnapshot()!)], ct);
                Assert.Equal(Windows, written.Count);
                states.ForEach(state => state.Written());
            }
        }));
        while (!writing.IsCompleted)
        {
            cursor = await PollAsync(cursor, seen, series, ct);
        }

        await writing;
        await PollAsync(cursor, seen, series, ct);
        Assert.Equal(Writers * Windows, seen.Count);
        Assert.All(seen.Values, version => Assert.Equal(Rounds, version));
    }

    [Fact]
    public async Task A_window_whose_row_has_moved_on_is_not_written()
    {
        var ct = TestContext.Current.CancellationToken;
        var key = new WindowKey(await cluster.NewSeriesAsync(), WindowKey.StartOf(DateTimeOffset.UtcNow));
        var (one, two) = (new WindowState(key, WindowRow.None), new WindowState(key, WindowRow.None));
        one.Apply(new(1, 0, 1, 1, One()));
        two.Apply(new(2, 0, 1, 1, One()));
        Assert.Equal([key], await cluster.Writer.WriteAsync([one.TakeSnapshot()!], ct));
        Assert.Empty(await cluster.Writer.WriteAsync([two.TakeSnapshot()!], ct));
        Assert.Equal(Pairs(1, 1), (await cluster.Loader.LoadAsync(key, ct)).Applied);
    }

    [Fact]
    public async Task Partitions_past_retention_are_dropped_whole_and_others_stay()
    {
        var ct = TestContext.Current.CancellationToken;
        var now = DateTimeOffset.UtcNow;
        await cluster.Partitions.EnsureAsync(Resolution.Minute, [now.AddDays(-30), now.AddDays(-8)], ct);
        await cluster.Partitions.EnsureAsync(Resolution.Minute, [now.AddDays(-30)], ct); // Again: nothing happens.
        await cluster.Partitions.EnsureAsync(Resolution.TenMinutes, [now.AddDays(-30), now.AddDays(-40)], ct);
        var dropped = await cluster.Partitions.DropAsync(now, ct);
        var week = Resolution.TenMinutes.PartitionOf(now.AddDays(-40));
        Assert.Equal([$"metric_windows_{now.AddDays(-30):yyyyMMdd}", $"metric_rollups_600_{week:yyyyMMdd}"], dropped);
        Assert.Empty(await cluster.Partitions.DropAsync(now, ct));
    }

    [Fact]
    public async Task The_cleanup_forgets_old_keys_only()
    {
        var ct = TestContext.Current.CancellationToken;
        await using (var insert = cluster.Db.CreateCommand("""
            INSERT INTO ingest_keys (project_id, key_hash, epoch, seq, digest, answer, created_at)
            VALUES (1, '\x01', 1, 1, '', '{}', now() - interval '25 hours'), (1, '\x02', 1, 1, '', '{}', now())
            """))
        {
            await insert.ExecuteNonQueryAsync(ct);
        }

        var cleanup = cluster.Grains.GetGrain<IMetricsCleanupGrain>(IMetricsCleanupGrain.Key);
        await cleanup.RunAsync(ct);

        await using var left = cluster.Db.CreateCommand("SELECT string_agg(encode(key_hash, 'hex'), ',') FROM ingest_keys");
        Assert.Equal("02", await left.ExecuteScalarAsync(ct));
    }

    private static byte[] One()
    {
        var figures = new WindowFigures();
        figures.Add(200, 1_000, 0, 0);
        return figures.ToBytes();
    }

    private async Task<long> MaxIdAsync(CancellationToken ct)
    {
        await using var command = cluster.Db.CreateCommand("SELECT coalesce(max(id), 0) FROM metric_windows");
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>As a dashboard polls: only what comes after the last id seen.</summary>
    private async Task<long> PollAsync(long cursor, Dictionary<WindowKey, long> seen, int[] series, CancellationToken ct)
    {
        await using var command =
            cluster.Db.CreateCommand("SELECT id, series_id, window_start, version FROM metric_windows WHERE id > $1 AND series_id = ANY ($2) ORDER BY id");
        command.Parameters.Add(new() { Value = cursor });
        command.Parameters.Add(new() { Value = series });
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            cursor = reader.GetInt64(0);
            var start = new DateTimeOffset(reader.GetDateTime(2)).ToUnixTimeSeconds();
            seen[new(reader.GetInt32(1), start)] = reader.GetInt64(3);
        }

        return cursor;
    }

    private static long[] Pairs(params long[] epochsAndSeqs) => epochsAndSeqs;
}
