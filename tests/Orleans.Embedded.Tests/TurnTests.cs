namespace Orleans.Embedded.Tests;

public sealed class TurnTests
{
    private static readonly GrainId A = new("probe", "a");

    [Fact]
    public async Task A_call_reaches_the_grain_of_its_key()
    {
        await using var host = await EmbeddedHost.StartAsync();
        Assert.Equal("a: hello", await host.Grain("a").EchoAsync("hello"));
        Assert.Equal("b: hello", await host.Grain("b").EchoAsync("hello"));
    }

    [Fact]
    public async Task Calls_of_one_grain_never_overlap_while_those_of_two_do()
    {
        await using var host = await EmbeddedHost.StartAsync();
        var first = host.Grain("a").EnterAsync("1");
        var second = host.Grain("a").EnterAsync("2");
        await host.Probe.ExpectAsync(2); // activated, entered 1
        var other = host.Grain("b").EnterAsync("3");
        await host.Probe.ExpectAsync(2); // activated, entered 3

        host.Probe.Gate("2").SetResult(); // Open, yet the second call must wait for the first.
        host.Probe.Gate("3").SetResult();
        await other;
        Assert.DoesNotContain("entered 2", host.Probe.Events);

        host.Probe.Gate("1").SetResult();
        await Task.WhenAll(first, second);
        Assert.Equal(["left 1", "entered 2", "left 2"], host.Probe.Events.Where(e => e is "left 1" or "entered 2" or "left 2"));
    }

    [Fact]
    public async Task A_method_marked_so_interleaves_with_a_call_that_awaits()
    {
        await using var host = await EmbeddedHost.StartAsync();
        var waiting = host.Grain().EnterAsync("1");
        Assert.Equal(1, await host.Grain().RunningAsync());
        host.Probe.Gate("1").SetResult();
        await waiting;
        Assert.Equal(0, await host.Grain().RunningAsync());
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_turn_is_over_before_its_answer_is_given(bool fails, bool atOnce)
    {
        async Task<object?> BodyAsync() => fails ? throw new InvalidOperationException("as asked") : await Task.FromResult("done");
        var turn = new Turn(_ => atOnce ? throw new InvalidOperationException("before there is a task") : BodyAsync(), Interleaves: false);
        var answered = new List<bool>();
        await turn.RunAsync(new ProbeGrain(new Probe()), () => answered.Add(turn.Done.IsCompleted));
        Assert.Equal([false], answered);
        Assert.Equal(fails, turn.Done.IsFaulted);
        Assert.True(turn.Done.IsCompleted);
    }

    [Fact]
    public async Task Many_callers_at_once_are_all_counted()
    {
        await using var host = await EmbeddedHost.StartAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, 2_000), TestContext.Current.CancellationToken, async (_, _) => await host.Grain().CountAsync());
        Assert.Equal(2_001, await host.Grain().CountAsync());
    }

    [Fact]
    public async Task An_exception_reaches_the_caller_and_the_grain_lives_on()
    {
        await using var host = await EmbeddedHost.StartAsync();
        await host.Grain().CountAsync();
        Assert.Equal("as asked", (await Assert.ThrowsAsync<InvalidOperationException>(host.Grain().FailAsync)).Message);
        Assert.Equal(2, await host.Grain().CountAsync());
    }

    [Fact]
    public async Task A_call_that_takes_too_long_times_out_yet_runs_to_its_end()
    {
        await using var host = await EmbeddedHost.StartAsync();
        var call = host.Grain().EnterAsync("1");
        await host.Probe.ExpectAsync(2);
        host.Time.Advance(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<TimeoutException>(() => call);

        host.Probe.Gate("1").SetResult();
        await host.Probe.ExpectAsync(1);
        Assert.Contains("left 1", host.Probe.Events);
    }

    [Fact]
    public async Task A_cancelled_call_ends_for_its_caller()
    {
        await using var host = await EmbeddedHost.StartAsync();
        using var cancel = new CancellationTokenSource();
        var call = host.Grain().WaitAsync(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task Arguments_and_results_are_copies()
    {
        await using var host = await EmbeddedHost.StartAsync();
        var mine = new Note { Lines = ["mine"] };
        var answer = await host.Grain().AppendAsync(mine);
        Assert.Equal(["mine"], mine.Lines);
        Assert.Equal(["mine", "by the grain"], answer.Lines);
    }

    [Fact]
    public async Task A_type_that_Orleans_could_not_serialize_is_refused()
    {
        await using var host = await EmbeddedHost.StartAsync();
        var refused = Assert.Throws<NotSupportedException>(() => { _ = host.Grain().TakeAsync(new("text")); });
        Assert.Contains("[GenerateSerializer]", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_call_times_out_and_never_arrives()
    {
        await using var host = await EmbeddedHost.StartAsync();
        host.Runtime.Faults.Decide = call => new(call.Method != nameof(IProbeGrain.CountAsync));
        var lost = host.Grain().CountAsync().AsTask();
        host.Time.Advance(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<TimeoutException>(() => lost);

        host.Runtime.Faults.Decide = null;
        Assert.Equal(1, await host.Grain().CountAsync());
    }

    [Fact]
    public async Task Calls_can_arrive_late_and_in_another_order()
    {
        await using var host = await EmbeddedHost.StartAsync();
        var held = new TaskCompletionSource<bool>();
        var calls = 0;
        host.Runtime.Faults.Decide = _ => calls++ == 0 ? new(held.Task) : new(true);
        var late = host.Grain().CountAsync();
        Assert.Equal(1, await host.Grain().CountAsync());
        held.SetResult(true);
        Assert.Equal(2, await late);
    }

    [Fact]
    public async Task A_killed_activation_loses_what_it_held_and_is_not_told()
    {
        await using var host = await EmbeddedHost.StartAsync();
        await host.Grain().CountAsync();
        host.Runtime.Kill(A);
        Assert.Equal(1, await host.Grain().CountAsync());
        Assert.Equal(["activated", "activated"], host.Probe.Events);
    }

    [Fact]
    public async Task Two_activations_of_one_grain_can_live_side_by_side()
    {
        await using var host = await EmbeddedHost.StartAsync();
        var old = host.Grain().EnterAsync("1");
        await host.Probe.ExpectAsync(2);
        host.Runtime.Duplicate(A);
        Assert.Equal(1, await host.Grain().CountAsync());
        host.Probe.Gate("1").SetResult();
        await old;
    }
}
