using Bayou;

namespace Orleans.Embedded.Tests;

public sealed class LifeTests
{
    [Fact]
    public async Task A_grain_that_asks_to_leave_is_told_and_the_next_call_makes_a_new_one()
    {
        await using var host = await EmbeddedHost.StartAsync();
        await host.Grain().CountAsync();
        await host.Grain().LeaveAsync();
        Assert.Equal(1, await host.Grain().CountAsync());
        Assert.Equal(["activated", "deactivated ApplicationRequested", "activated"], host.Probe.Events);
    }

    [Fact]
    public async Task Calls_that_wait_for_a_leaving_grain_go_to_the_next()
    {
        await using var host = await EmbeddedHost.StartAsync();
        var first = host.Grain().EnterAsync("1");
        await host.Probe.ExpectAsync(2);
        var leave = host.Grain().LeaveAsync();
        var counted = host.Grain().CountAsync();
        host.Probe.Gate("1").SetResult();
        await Task.WhenAll(first, leave);
        Assert.Equal(1, await counted);
    }

    [Fact]
    public async Task An_idle_grain_is_deactivated_after_its_own_limit()
    {
        await using var host = await EmbeddedHost.StartAsync();
        await host.Grain().CountAsync();
        host.Time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(2, await host.Grain().CountAsync()); // Used again, so the limit begins anew.
        host.Time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(["activated"], host.Probe.Events);

        host.Time.Advance(TimeSpan.FromMinutes(2));
        await host.Probe.ExpectAsync(2);
        Assert.Equal(["activated", "deactivated ActivationIdle"], host.Probe.Events);
    }

    [Fact]
    public async Task Stopping_deactivates_every_grain()
    {
        await using var host = await EmbeddedHost.StartAsync();
        await host.Grain("a").CountAsync();
        await host.Grain("b").CountAsync();
        await host.StopAsync();
        Assert.Equal(2, host.Probe.Events.Count(e => e == "deactivated ShuttingDown"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => host.Grain().CountAsync().AsTask());
    }

    [Fact]
    public async Task Of_a_runtime_that_is_gone_without_being_stopped_nothing_is_left()
    {
        var host = await EmbeddedHost.StartAsync();
        var runtime = host.Runtime;
        await host.Grain().StartTimerAsync(TimeSpan.FromSeconds(10));
        Assert.Single(runtime.Active);
        await host.DisposeAsync();
        Assert.Empty(runtime.Active);
        host.Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(["activated"], host.Probe.Events);
    }

    [Fact]
    public async Task A_timer_ticks_as_a_turn_of_its_grain()
    {
        await using var host = await EmbeddedHost.StartAsync();
        await host.Grain().StartTimerAsync(TimeSpan.FromSeconds(10));
        await host.Probe.ExpectAsync(1); // activated
        host.Time.Advance(TimeSpan.FromSeconds(10));
        await host.Probe.ExpectAsync(1);

        var busy = host.Grain().EnterAsync("1");
        await host.Probe.ExpectAsync(1);
        host.Time.Advance(TimeSpan.FromSeconds(10)); // Due, but a turn is on.
        Assert.Equal(1, host.Probe.Events.Count(e => e == "tick"));
        host.Probe.Gate("1").SetResult();
        await busy;
        await host.Probe.ExpectAsync(2); // left 1, tick
    }

    [Fact]
    public async Task A_timer_does_not_keep_its_grain_alive_and_ends_with_it()
    {
        await using var host = await EmbeddedHost.StartAsync();
        await host.Grain().StartTimerAsync(TimeSpan.FromMinutes(10));
        await host.Probe.ExpectAsync(1);
        host.Time.Advance(TimeSpan.FromMinutes(6));
        await host.Probe.ExpectAsync(1);
        host.Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(["activated", "deactivated ActivationIdle"], host.Probe.Events);
    }

    [Fact]
    public async Task A_reminder_wakes_its_grain_in_the_next_life_of_the_process()
    {
        var (store, time) = (new ReminderMemory(), new ManualTime());
        await using (var first = await EmbeddedHost.StartAsync(store, time))
        {
            await first.Grain("sleeper").RemindAsync(TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10));
            await first.StopAsync();
        }

        await using var second = await EmbeddedHost.StartAsync(store, time);
        time.Advance(TimeSpan.FromMinutes(2));
        await second.Probe.ExpectAsync(2);
        Assert.Equal(["activated", "bell sleeper"], second.Probe.Events);

        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(2, (await UntilAsync(second, "bell sleeper", 2)));
    }

    [Fact]
    public async Task A_reminder_of_under_a_minute_is_refused()
    {
        await using var host = await EmbeddedHost.StartAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => host.Grain().RemindAsync(TimeSpan.Zero, TimeSpan.FromSeconds(59)));
    }

    private static async Task<int> UntilAsync(EmbeddedHost host, string what, int times)
    {
        while (host.Probe.Events.Count(e => e == what) < times)
        {
            await host.Probe.ExpectAsync(1);
        }

        return host.Probe.Events.Count(e => e == what);
    }
}
