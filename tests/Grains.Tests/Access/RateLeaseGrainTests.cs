namespace Bayou.Access;

/// <summary>A rate is shared, and never given twice.</summary>
public sealed class RateLeaseGrainTests(GrainCluster cluster)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_parts_of_a_minute_together_are_the_rate_and_the_next_minute_has_its_own()
    {
        var grain = cluster.Grains.GetGrain<IRateLeaseGrain>($"{Guid.NewGuid()}");
        var given = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => grain.TakeAsync(1, 0, 7, 100, Ct)));
        Assert.Equal(100, given.Sum());
        Assert.Equal(0, await grain.TakeAsync(1, 0, 7, 100, Ct));
        Assert.Equal(7, await grain.TakeAsync(2, 0, 7, 100, Ct));
        Assert.Equal(0, await grain.TakeAsync(1, 0, 7, 100, Ct)); // It is over.
    }

    [Fact]
    public async Task What_was_done_before_it_was_given_counts()
    {
        var grain = cluster.Grains.GetGrain<IRateLeaseGrain>($"{Guid.NewGuid()}");
        Assert.Equal(10, await grain.TakeAsync(1, 80, 10, 100, Ct));
        Assert.Equal(10, await grain.TakeAsync(1, 0, 30, 100, Ct));
        Assert.Equal(0, await grain.TakeAsync(1, 50, 30, 100, Ct));
    }
}
