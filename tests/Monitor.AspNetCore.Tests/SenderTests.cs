using Microsoft.Extensions.Options;

namespace Bayou.Monitor;

public sealed class SenderTests : IAsyncLifetime
{
    private FakeBayou _bayou = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _bayou = await FakeBayou.StartAsync();

    public ValueTask DisposeAsync() => _bayou.DisposeAsync();

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    [InlineData(401)]
    [InlineData(null)]
    public async Task A_batch_that_was_not_taken_is_tried_again_with_the_same_key_and_items(int? answer)
    {
        _bayou.Answer = _ => _bayou.Received.Count == 0 ? answer : 202;
        await using var app = await StartAsync();
        await CallAsync(app, 3);
        await _bayou.UntilAsync(b => b.Items.Count == 3);
        var first = _bayou.Received[0];
        var again = _bayou.Received[1];
        Assert.Equal((first.Key, 202), (again.Key, again.Status));
        Assert.Equal(first.Items.Select(i => i.ToJsonString()), again.Items.Select(i => i.ToJsonString()));
        Assert.NotEmpty(first.Key);
    }

    [Fact]
    public async Task A_batch_refused_for_good_makes_room_for_the_next()
    {
        _bayou.Answer = _ => _bayou.Received.Count == 0 ? 400 : 202;
        await using var app = await StartAsync();
        await CallAsync(app, 1);
        await _bayou.UntilAsync(b => b.Received.Count == 1);
        await CallAsync(app, 1);
        await _bayou.UntilAsync(b => b.Items.Count == 1);
        Assert.Contains(app.Log.Warnings, line => line.StartsWith("Bayou refused 1 requests: 400 told to", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_400_of_something_in_front_of_bayou_refuses_nothing()
    {
        (_bayou.Foreign, _bayou.Answer) = (true, _ => _bayou.Received.Count == 0 ? 400 : 202);
        await using var app = await StartAsync();
        await CallAsync(app, 2);
        await _bayou.UntilAsync(b => b.Items.Count == 2);
        Assert.Equal(_bayou.Received[0].Key, _bayou.Received[1].Key);
    }

    [Fact]
    public async Task An_application_that_stops_does_not_wait_out_a_pause_while_bayou_is_back()
    {
        _bayou.Answer = _ => _bayou.Received.Count < 8 ? 503 : 202;
        await using var app = await StartAsync(options => options.ShutdownTimeout = TimeSpan.FromSeconds(20));
        await CallAsync(app, 3);
        await _bayou.UntilAsync(b => b.Received.Count == 4); // By now the pauses are seconds long.
        await app.StopAsync();
        Assert.Equal(3, _bayou.Items.Count);
        Assert.DoesNotContain(app.Log.Warnings, line => line.Contains("still unsent", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_queue_can_hold_survives_bayou_being_away_and_each_batch_is_at_most_its_size()
    {
        var url = _bayou.Url;
        await _bayou.DisposeAsync();
        await using var app = await StartAsync(options => (options.Url, options.BatchSize) = (url, 40));
        await CallAsync(app, 130);
        _bayou = await FakeBayou.StartAsync(url.Port);
        await _bayou.UntilAsync(b => b.Items.Count == 130);
        Assert.All(_bayou.Received, received => Assert.InRange(received.Items.Count, 1, 40));
        Assert.Equal(Enumerable.Range(0, 130), _bayou.Items.Select(item => (int)item["status"]! - 200).Order());
    }

    [Fact]
    public async Task Past_what_the_queue_can_hold_the_oldest_go_and_are_reported_once()
    {
        var held = new TaskCompletionSource();
        _bayou.Answer = _ =>
        {
            held.Task.Wait(Ct);
            return 202;
        };
        await using var app = await StartAsync(options => (options.QueueSize, options.BatchSize) = (100, 100));
        await CallAsync(app, 1);
        await _bayou.UntilAsync(b => b.Arrived == 1);
        await CallAsync(app, 230);
        held.SetResult();
        await _bayou.UntilAsync(b => b.Received.Count == 2);
        Assert.Equal((0, 130), (Dropped(_bayou.Received[0]), Dropped(_bayou.Received[1])));
        Assert.Equal(Enumerable.Range(131, 100), _bayou.Received[1].Items.Select(item => (int)item["status"]! - 200));

        await CallAsync(app, 1);
        await _bayou.UntilAsync(b => b.Received.Count == 3);
        Assert.Equal(0, Dropped(_bayou.Received[2]));
        Assert.Contains(app.Log.Warnings, line => line.Contains("have been dropped unsent", StringComparison.Ordinal));

        static int Dropped(Received received) => received.Headers.TryGetValue("x-bayou-dropped", out var dropped) ? int.Parse(dropped, null) : 0;
    }

    [Fact]
    public async Task What_waits_when_the_application_stops_is_sent_first()
    {
        await using var app = await StartAsync(options => options.BatchInterval = TimeSpan.FromMinutes(1));
        await CallAsync(app, 5);
        Assert.Empty(_bayou.Received);
        await app.StopAsync();
        Assert.Equal(5, _bayou.Items.Count);
    }

    [Fact]
    public async Task An_application_stops_in_time_though_bayou_is_away_and_says_what_was_left()
    {
        _bayou.Answer = _ => 503;
        await using var app = await StartAsync(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(200));
        await CallAsync(app, 5);
        await app.StopAsync();
        Assert.Contains(app.Log.Warnings, line => line.StartsWith("5 requests were still unsent", StringComparison.Ordinal));
        Assert.Single(app.Log.Warnings, line => line.Contains("did not take a batch", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_of_the_sender_is_a_bearer_token()
    {
        await using var app = await StartAsync(options => options.ApiKey = "s3cret");
        await CallAsync(app, 1);
        await _bayou.UntilAsync(b => b.Received.Count == 1);
        Assert.Equal("Bearer s3cret", _bayou.Received[0].Headers["Authorization"]);
    }

    [Fact]
    public async Task Wrong_options_stop_the_start_and_are_all_named()
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(options =>
            (options.Url, options.QueueSize, options.BatchInterval) = (new Uri("ftp://x"), 1, TimeSpan.Zero)));
        Assert.Equal(["Bayou:Url", "Bayou:QueueSize", "Bayou:BatchSize", "Bayou:BatchInterval"], refused.Failures.Select(failure => failure.Split(' ')[0]));
    }

    [Fact]
    public void A_pause_doubles_up_to_15_seconds_and_is_never_shorter_than_asked()
    {
        Assert.Equal([250, 500, 1000, 15_000], ((int[])[1, 2, 3, 40]).Select(attempt => RetryDelay.After(attempt, 0).TotalMilliseconds));
        Assert.Equal(125, RetryDelay.After(1, 1).TotalMilliseconds);
        Assert.Equal(7, RetryDelay.After(1, 0.5, TimeSpan.FromSeconds(7)).TotalSeconds);
        Assert.Equal(60, RetryDelay.After(1, 0.5, TimeSpan.FromHours(7)).TotalSeconds);
    }

    private Task<MonitoredApp> StartAsync(Action<BayouOptions>? configure = null)
    {
        var calls = -1;
        return MonitoredApp.StartAsync(_bayou.Url, web =>
            web.MapGet("/", (HttpContext http) => { http.Response.StatusCode = 200 + Interlocked.Increment(ref calls); }), configure);
    }

    private static async Task CallAsync(MonitoredApp app, int times)
    {
        for (var i = 0; i < times; i++)
        {
            using var response = await app.Http.GetAsync(new Uri("/", UriKind.Relative), Ct);
        }
    }
}
