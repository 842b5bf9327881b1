namespace Bayou.Ingest;

/// <summary>
/// What a cluster that has lost sight of itself does to the protocol: calls that get lost, late or out of order, windows with two activations, zombies.
/// </summary>
public sealed class FaultTests(ProtocolDatabase database) : IClassFixture<ProtocolDatabase>
{
    [Fact]
    public async Task Where_nothing_goes_through_it_is_tried_less_and_less_often_and_counted_once_it_does()
    {
        await using var sender = new Sender(database);
        var life = await sender.BeginAsync();
        var tries = 0;
        life.Bus.Decide = _ =>
        {
            Interlocked.Increment(ref tries);
            return Task.FromException<bool>(new IOException("Its database is away."));
        };
        await sender.SendTwiceAsync([("/a", false)]);
        await life.RunAsync(TimeSpan.FromMinutes(2));
        Assert.InRange(tries, 2 * 5, 2 * 40); // Of the route and of its service; each half second were 240 times two.

        life.Bus.Decide = null;
        await sender.SettleAsync();
        await sender.ExpectAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Calls_lost_late_and_reordered_between_activations_that_are_doubled_and_killed(int seed)
    {
        var random = new Random(seed);
        await using var sender = new Sender(database);
        var life = await sender.BeginAsync();
        var traffic = new Traffic(seed, sender.SeriesBefore);
        var (doubled, killed) = (0, 0);
        life.Bus.Decide = traffic.DecideAsync;
        for (var i = 0; i < 30; i++)
        {
            await sender.SendTwiceAsync([("/a", false), ("/a", true), ($"/{i % 3}", i % 2 == 0)]);
            await life.RunAsync(TimeSpan.FromMilliseconds(random.Next(0, 1_500)));
            foreach (var activation in life.Bus.Active)
            {
                switch (random.Next(6))
                {
                    case 0:
                        life.Bus.Duplicate(activation);
                        doubled++;
                        break;
                    case 1:
                        life.Bus.Kill(activation);
                        killed++;
                        break;
                }
            }

            traffic.Release(random.NextDouble());
        }

        life.Bus.Decide = null;
        traffic.Release(1);
        await sender.SettleAsync();
        await sender.ExpectAsync();
        Assert.True(traffic is { Lost: > 0, Held: > 0 } && doubled > 0 && killed > 0,
            $"{traffic.Lost} lost, {traffic.Held} late, {doubled} doubled, {killed} killed");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(400)]
    [InlineData(800)]
    [InlineData(1_200)]
    [InlineData(1_800)]
    [InlineData(2_300)]
    [InlineData(3_000)]
    [InlineData(4_200)]
    public async Task A_life_that_freezes_after_so_many_milliseconds_and_wakes_up_when_another_has_taken_over(int milliseconds)
    {
        await using var sender = new Sender(database);
        var zombie = await sender.BeginAsync();
        for (var i = 0; i < 3; i++)
        {
            await sender.SendTwiceAsync([("/a", false), ("/a", true)]);
        }

        await zombie.RunAsync(TimeSpan.FromMilliseconds(milliseconds));
        var epoch = zombie.Epoch;
        await database.ExpireAsync(epoch);
        await using (var other = await Life.StartAsync(database.Database, Guid.NewGuid().ToString("N")))
        {
            // Neither knows of the other: both deliver what is left of the epoch, to grains of their own.
            for (var i = 0; i < 3; i++)
            {
                await other.RunAsync(TimeSpan.FromSeconds(1));
                await sender.SendTwiceAsync([("/a", false), ("/b", true)]);
                await zombie.RunAsync(TimeSpan.FromSeconds(1));
            }

            Assert.NotEqual(epoch, zombie.Epoch);
            await other.RunAsync(TimeSpan.FromSeconds(20));
        }

        await sender.SettleAsync();
        await sender.ExpectAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_clock_that_jumps_forwards_and_back_between_any_two_steps(int seed)
    {
        var random = new Random(seed);
        await using var sender = new Sender(database);
        var life = await sender.BeginAsync();
        var jumped = TimeSpan.Zero;
        for (var i = 0; i < 30; i++)
        {
            await sender.SendTwiceAsync([("/a", false), ("/a", true), ($"/{i % 3}", i % 2 == 0)]);
            var jump = TimeSpan.FromSeconds(random.Next(-1_200, 1_200)) - jumped; // within 20 minutes of what it was: what is late stays late
            life.Jump(jump);
            jumped += jump;
            await life.RunAsync(TimeSpan.FromMilliseconds(random.Next(0, 1_500)));
        }

        await sender.SettleAsync();
        await sender.ExpectAsync();
    }

    /// <summary>
    /// Loses a quarter of all calls and holds up another. Which ones follows from what they are and from the seed, not from the order in which they come.
    /// </summary>
    private sealed class Traffic(int seed, int seriesBefore)
    {
        private readonly Lock _gate = new();
        private readonly List<(BusCall Call, TaskCompletionSource<bool> Gate)> _late = [];

        public int Lost { get; private set; }

        public int Held { get; private set; }

        public Task<bool> DecideAsync(BusCall call)
        {
            lock (_gate)
            {
                switch (Draw(call, 4))
                {
                    case 0:
                        Lost++;
                        return Task.FromResult(false);
                    case 1:
                        var gate = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                        _late.Add((call, gate));
                        Held++;
                        return gate.Task;
                    default:
                        return Task.FromResult(true);
                }
            }
        }

        /// <summary>Lets a share of what is held up arrive, the latest first.</summary>
        public void Release(double share)
        {
            lock (_gate)
            {
                foreach (var late in _late.OrderByDescending(late => (late.Call.Last, late.Call.StartUnix, late.Call.SeriesId))
                    .Take((int)Math.Ceiling(share * _late.Count)).ToList())
                {
                    late.Gate.SetResult(true);
                    _late.Remove(late);
                }
            }
        }

        private int Draw(BusCall call, int sides)
        {
            var mixed = (long)seed;
            foreach (var part in (long[])[call.SeriesId - seriesBefore, call.StartUnix, call.First, call.Last, call.Attempt])
            {
                mixed = unchecked(((mixed ^ part) * 6_364_136_223_846_793_005) + 1_442_695_040_888_963_407);
            }

            return new Random((int)(mixed >> 32)).Next(sides);
        }
    }
}
