namespace Bayou.Metrics;

public sealed class BackfillGrainTests(GrainCluster cluster)
{
    private static readonly long Hour = DateTimeOffset.UtcNow.AddHours(-5).ToUnixTimeSeconds() / 3600 * 3600;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_windows_of_an_hour_are_merged_and_flushed_each_into_its_row()
    {
        var (grain, series) = await NewHourAsync();
        var answers = await grain.ApplyAsync([Delta(0, 0, 1, 1, 200), Delta(59, 0, 1, 1, 500, 500)], Ct);
        Assert.Equal([1, 1], answers);
        await cluster.FlushAsync();
        Assert.Equal((1, 2), (await CountAsync(series, 0), await CountAsync(series, 59)));
    }

    [Fact]
    public async Task What_is_in_already_is_not_counted_again_and_a_gap_is_told()
    {
        var (grain, series) = await NewHourAsync();
        Assert.Equal<long[]>([3, 0], await grain.ApplyAsync([Delta(1, 0, 1, 3, 200), Delta(2, 4, 5, 5, 200)], Ct));
        await cluster.FlushAsync();
        Assert.Equal<long[]>([3, 4], await grain.ApplyAsync([Delta(1, 0, 1, 3, 200), Delta(2, 0, 4, 4, 200)], Ct));
        await cluster.FlushAsync();
        Assert.Equal((1, 1), (await CountAsync(series, 1), await CountAsync(series, 2)));
    }

    [Fact]
    public async Task It_goes_when_all_is_written_and_a_later_call_finds_the_rows()
    {
        var (grain, series) = await NewHourAsync();
        for (var seq = 1; seq <= 3; seq++)
        {
            Assert.Equal<long[]>([seq], await grain.ApplyAsync([Delta(7, seq - 1, seq, seq, 200)], Ct));
            await cluster.FlushAsync();
        }

        Assert.Equal(3, await CountAsync(series, 7));
        Assert.Equal(3, (await cluster.Loader.LoadAsync(new WindowKey(series, Hour + (7 * 60)), Ct)).Version);
    }

    [Fact]
    public async Task Beside_a_windows_own_grain_everything_counts_once()
    {
        var (grain, series) = await NewHourAsync();
        var key = new WindowKey(series, Hour + 60);
        var own = cluster.Grains.GetGrain<IEndpointWindowGrain>(key.ToString());
        Assert.Equal(1, await own.ApplyAsync(Delta(1, 0, 1, 1, 200).Delta, Ct));
        Assert.Equal<long[]>([1], await grain.ApplyAsync([Delta(1, 0, 1, 1, 200)], Ct)); // The same again, to the other: one of the two is written.
        await cluster.FlushAsync();
        await cluster.FlushAsync();
        Assert.Equal(1, await CountAsync(series, 1));

        // The one that lost says so once, then goes on from the row.
        var answer = await Eventually.SeesAsync(
            async () =>
            {
                var applied = await grain.ApplyAsync([Delta(1, 1, 2, 2, 404)], Ct);
                await cluster.FlushAsync();
                return applied;
            },
            applied => applied[0] != WindowDelta.Discarded);
        Assert.Equal([2], answer);
        Assert.Equal(2, await CountAsync(series, 1));
    }

    [Fact]
    public async Task A_window_of_another_hour_is_refused()
    {
        var (grain, _) = await NewHourAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => grain.ApplyAsync([Delta(60, 0, 1, 1, 200)], Ct));
    }

    [Fact]
    public void An_hour_holds_its_windows_and_its_key_can_be_read()
    {
        var key = BackfillKey.Of(new WindowKey(7, Hour + 3_540));
        Assert.Equal((new BackfillKey(7, Hour), key), (key, BackfillKey.Parse(key.ToString())));
        Assert.True(key.Holds(Hour) && key.Holds(Hour + 3_540) && !key.Holds(Hour + 3_600) && !key.Holds(Hour - 60));
    }

    private static BackfillDelta Delta(int minute, long previous, long first, long last, params int[] statuses)
    {
        var figures = new WindowFigures();
        foreach (var status in statuses)
        {
            figures.Add(status, 1_000, 0, 0);
        }

        return new(Hour + (minute * 60), new(1, previous, first, last, figures.ToBytes()));
    }

    private async Task<(IBackfillGrain Grain, int Series)> NewHourAsync()
    {
        var series = await cluster.NewSeriesAsync();
        return (cluster.Grains.GetGrain<IBackfillGrain>(new BackfillKey(series, Hour).ToString()), series);
    }

    private async Task<long> CountAsync(int series, int minute) =>
        WindowFigures.FromBytes((await cluster.Loader.LoadAsync(new WindowKey(series, Hour + (minute * 60)), Ct)).Figures).Count;
}
