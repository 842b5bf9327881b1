namespace Bayou.Metrics;

public sealed class EndpointWindowGrainTests(GrainCluster cluster)
{
    private const long Epoch = 1;
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Figures_are_merged_and_flushed_into_the_row()
    {
        var (grain, key) = await NewWindowAsync();
        Assert.Equal(1, await grain.ApplyAsync(Delta(0, 1, 1, 200, 200, 500), Ct));
        Assert.Equal(2, await grain.ApplyAsync(Delta(1, 2, 2, 404), Ct));
        await cluster.FlushAsync();

        var (row, figures) = await RowAsync(key);
        Assert.Equal(Pairs(Epoch, 2), row.Applied);
        Assert.Equal([new(200, 2), new(404, 1), new(500, 1)], figures.Statuses);
    }

    [Fact]
    public async Task What_is_in_already_is_not_counted_again()
    {
        var (grain, key) = await NewWindowAsync();
        var delta = Delta(0, 1, 3, 200);
        Assert.Equal(3, await grain.ApplyAsync(delta, Ct));
        Assert.Equal(3, await grain.ApplyAsync(delta, Ct));
        Assert.Equal(3, await grain.ApplyAsync(Delta(0, 1, 1, 200), Ct));
        await cluster.FlushAsync();
        Assert.Equal(3, await grain.ApplyAsync(delta, Ct));
        await cluster.FlushAsync();
        Assert.Equal(1, (await RowAsync(key)).Figures.Count);
    }

    [Fact]
    public async Task A_gap_is_answered_with_how_far_the_window_is()
    {
        var (grain, key) = await NewWindowAsync();
        Assert.Equal(0, await grain.ApplyAsync(Delta(4, 5, 5, 200), Ct)); // 4 never came
        Assert.Equal(4, await grain.ApplyAsync(Delta(0, 4, 4, 200), Ct));
        Assert.Equal(4, await grain.ApplyAsync(Delta(0, 3, 6, 200), Ct)); // overlaps: send (4, 6]
        Assert.Equal(6, await grain.ApplyAsync(Delta(4, 5, 6, 200), Ct));
        await cluster.FlushAsync();
        Assert.Equal(2, (await RowAsync(key)).Figures.Count);
    }

    [Fact]
    public async Task Epochs_are_counted_apart()
    {
        var (grain, key) = await NewWindowAsync();
        Assert.Equal(5, await grain.ApplyAsync(Delta(0, 5, 5, 200), Ct));
        Assert.Equal(2, await grain.ApplyAsync(Delta(0, 2, 2, 200) with { Epoch = 2 }, Ct));
        await cluster.FlushAsync();
        Assert.Equal(Pairs(1, 5, 2, 2), (await RowAsync(key)).Row.Applied);
    }

    [Fact]
    public async Task A_late_observation_finds_the_window_again_after_its_grain_has_gone()
    {
        var (grain, key) = await NewWindowAsync(TimeSpan.FromHours(2));
        await grain.ApplyAsync(Delta(0, 1, 1, 200), Ct);
        await cluster.FlushAsync(); // The window is over, so its grain goes.
        await grain.ApplyAsync(Delta(0, 2, 2, 200), Ct);
        await cluster.FlushAsync();

        var (row, figures) = await RowAsync(key);
        Assert.Equal(2, figures.Count);
        Assert.Equal(2, row.Version);
    }

    [Fact]
    public async Task An_activation_that_has_lost_its_row_is_void_and_the_next_counts_right()
    {
        var (grain, key) = await NewWindowAsync();
        await grain.ApplyAsync(Delta(0, 1, 1, 200), Ct);
        await cluster.FlushAsync();

        // Another activation, somewhere, has written in between: seq 2 of the same epoch.
        var other = new WindowState(key, await cluster.Loader.LoadAsync(key, Ct));
        other.Apply(Delta(1, 2, 2, 200));
        Assert.Contains(key, await cluster.Writer.WriteAsync([other.TakeSnapshot()!], Ct));

        Assert.Equal(3, await grain.ApplyAsync(Delta(0, 3, 3, 500), Ct));
        await cluster.FlushAsync();
        Assert.Equal(Pairs(1, 2), (await RowAsync(key)).Row.Applied); // Not a word of seq 3.

        await SendUntilTakenAsync(grain, Delta(2, 3, 3, 500));
        await cluster.FlushAsync();
        Assert.Equal([new(200, 2), new(500, 1)], (await RowAsync(key)).Figures.Statuses);
    }

    [Fact]
    public async Task Many_senders_and_flushes_at_once_count_everything_once()
    {
        var (grain, key) = await NewWindowAsync();
        var senders = Enumerable.Range(1, 8).Select(async epoch =>
        {
            for (var seq = 1; seq <= 50; seq++)
            {
                await SendUntilTakenAsync(grain, Delta(seq - 1, seq, seq, 200) with { Epoch = epoch });
            }
        });
        var done = Task.WhenAll(senders);
        while (!done.IsCompleted)
        {
            await cluster.FlushAsync();
        }

        await done;
        await cluster.FlushAsync();
        Assert.Equal(400, (await RowAsync(key)).Figures.Count);
    }

    private static async Task SendUntilTakenAsync(IEndpointWindowGrain grain, WindowDelta delta)
    {
        while (await grain.ApplyAsync(delta, Ct) is var applied && applied < delta.Last)
        {
            Assert.Equal(WindowDelta.Discarded, applied);
        }
    }

    private static WindowDelta Delta(long previous, long first, long last, params int[] statuses)
    {
        var figures = new WindowFigures();
        foreach (var status in statuses)
        {
            figures.Add(status, 1_000, 0, 0);
        }

        return new(Epoch, previous, first, last, figures.ToBytes());
    }

    private async Task<(IEndpointWindowGrain Grain, WindowKey Key)> NewWindowAsync(TimeSpan ago = default)
    {
        var key = new WindowKey(await cluster.NewSeriesAsync(), WindowKey.StartOf(DateTimeOffset.UtcNow - ago));
        return (cluster.Grains.GetGrain<IEndpointWindowGrain>(key.ToString()), key);
    }

    private async Task<(WindowRow Row, WindowFigures Figures)> RowAsync(WindowKey key)
    {
        var row = await cluster.Loader.LoadAsync(key, Ct);
        return (row, WindowFigures.FromBytes(row.Figures));
    }

    private static long[] Pairs(params long[] epochsAndSeqs) => epochsAndSeqs;
}
