using System.Collections.Concurrent;
using Bayou.Metrics;

namespace Bayou.Cluster;

/// <summary>What a network does to real Orleans: clusters that do not know of each other on one database, and calls that are lost or late.</summary>
public sealed class SplitTests
{
    private const int Rounds = 30;
    private static readonly string[] Routes = ["/a", "/b", "/a", "/c"];

    [Fact]
    public async Task Windows_that_have_activations_in_two_clusters_count_everything_once()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var one = await SiloPair.StartAsync(database);
        await using var other = await SiloPair.StartAsync(database);
        await using var left = await IngestHost.StartAsync(database, one.Grains);
        await using var right = await IngestHost.StartAsync(database, other.Grains);
        var now = DateTimeOffset.UtcNow;
        var rounds = 0;
        await Eventually.SeesAsync(
            async () =>
            {
                rounds++;
                await Task.WhenAll(left.SendAsync("split", Routes, now), right.SendAsync("split", Routes, now));
                await left.SettledAsync(); // Each in turn loses the row to the other, and loads it again.
                return await left.ScalarAsync("SELECT coalesce(max(version), 0)::bigint FROM metric_windows WHERE cardinality(applied) = 4");
            },
            written => written > 4);
        Assert.Equal(2 * rounds * Routes.Length, await left.CountAsync("*"));
        Assert.Equal(2 * rounds * 2, await left.CountAsync("GET /a"));
    }

    [Fact]
    public async Task Calls_that_are_lost_or_late_or_whose_answers_are_lost_count_once()
    {
        var network = new BadNetwork();
        await using var database = await TestDatabase.CreateAsync();
        await using var pair = await SiloPair.StartAsync(database, network);
        await using var node = await IngestHost.StartAsync(database, pair.Grains);
        var now = DateTimeOffset.UtcNow;
        for (var i = 0; i < Rounds; i++)
        {
            await node.SendAsync("network", Routes, now);
            await network.MovedAsync();
        }

        await node.SettledAsync();
        network.Heal();
        await network.ArrivedAsync();
        await pair.FlushAsync(); // What came so late would be written now.
        Assert.Equal(Rounds * Routes.Length, await node.CountAsync("*"));
        Assert.Equal(Rounds * 2, await node.CountAsync("GET /a"));
        Assert.True(network is { Lost: > 0, Unanswered: > 0, Late: > 0 }, $"{network.Lost} lost, {network.Unanswered} unanswered, {network.Late} late");
    }

    /// <summary>Of the calls to windows, loses some, loses the answers of some, and holds up some until others have passed.</summary>
    private sealed class BadNetwork : IOutgoingGrainCallFilter
    {
        private readonly ConcurrentQueue<TaskCompletionSource> _held = new();
        private readonly ConcurrentBag<Task> _arriving = [];
        private readonly AsyncLocal<bool> _isArriving = new();
        private int _calls;
        private volatile bool _isHealed;

        public int Lost { get; private set; }

        public int Unanswered { get; private set; }

        public int Late { get; private set; }

        public async Task Invoke(IOutgoingGrainCallContext context)
        {
            if (_isHealed || _isArriving.Value || context.InterfaceMethod.DeclaringType is not { } type
                || (type != typeof(IEndpointWindowGrain) && type != typeof(IBackfillGrain)))
            {
                await context.Invoke();
                return;
            }

            switch (Interlocked.Increment(ref _calls) % 7)
            {
                case 1:
                    Lost++;
                    throw new TimeoutException("The call is lost.");
                case 3:
                    Unanswered++;
                    await context.Invoke();
                    throw new TimeoutException("The answer is lost.");
                case 5:
                    Late++;
                    var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    _held.Enqueue(gate);
                    _arriving.Add(ArriveAsync(context, gate.Task));
                    await Task.Delay(Timeout.InfiniteTimeSpan, context.Request.GetCancellationToken()); // Whoever called gives up.
                    break;
                default:
                    await context.Invoke();
                    break;
            }
        }

        /// <summary>Waits until at least one more call was made, and lets the one arrive that was held up for longest, behind those after it.</summary>
        public async Task MovedAsync()
        {
            var before = Volatile.Read(ref _calls);
            await Eventually.SeesAsync(() => Task.FromResult(Volatile.Read(ref _calls)), calls => calls > before);
            if (_held.Count > 2 && _held.TryDequeue(out var gate))
            {
                gate.SetResult();
            }
        }

        public void Heal()
        {
            _isHealed = true;
            while (_held.TryDequeue(out var gate))
            {
                gate.SetResult();
            }
        }

        public Task ArrivedAsync() => Task.WhenAll(_arriving);

        /// <summary>The same call once more, and its caller cannot take it back any longer.</summary>
        private async Task ArriveAsync(IOutgoingGrainCallContext context, Task gate)
        {
            var (grain, sent) = (context.Grain, context.Request.GetArgument(0));
            await gate;
            _isArriving.Value = true;
            _ = grain is IEndpointWindowGrain window
                ? await window.ApplyAsync((WindowDelta)sent!, CancellationToken.None)
                : (await ((IBackfillGrain)grain).ApplyAsync((BackfillDelta[])sent!, CancellationToken.None)).Length;
        }
    }
}
