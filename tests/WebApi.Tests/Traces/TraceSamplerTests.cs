using Bayou.Otlp.Protocol;
using Bayou.Segments;
using Google.Protobuf;
using static Bayou.Traces.Traced;

namespace Bayou.Traces;

/// <summary>Past its budget a project keeps whole traces: those that fail or are slow, and of each route some.</summary>
public sealed class TraceSamplerTests
{
    private const int Budget = 1_000;

    [Fact]
    public void What_fails_and_what_is_slow_is_kept_and_routes_share_the_rest()
    {
        var random = new Random(5);
        var traces = new List<CameTrace>();
        foreach (var (route, count, spans) in ((string, int, int)[])[("busy", 2_000, 5), ("usual", 150, 4), ("seldom", 20, 3)])
        {
            traces.AddRange(Enumerable.Range(0, count).Select(i => new CameTrace(
                Guid.NewGuid(), spans, route, HasError: i % 100 == 7, Duration: i % 200 == 3 ? 5_000 : random.Next(1, 100), IsKept: false, IsDropped: false)));
        }

        var gone = TraceSampler.Choose(traces, Budget);
        Assert.DoesNotContain(gone, trace => trace.HasError);
        Assert.DoesNotContain(gone, trace => trace.Route == "busy" && trace.Duration == 5_000);
        Assert.DoesNotContain(gone, trace => trace.Route == "seldom");
        var kept = traces.Except(gone).ToList();
        Assert.InRange(kept.Sum(trace => trace.Spans), Budget - 10, Budget);
        Assert.InRange(kept.Where(trace => trace.Route == "usual").Sum(trace => trace.Spans), Budget / 3, Budget * 6 / 10);
    }

    [Fact]
    public void What_was_decided_stays_decided()
    {
        var (kept, dropped) = (One(isKept: true), One(isDropped: true));
        CameTrace[] traces = [kept, dropped, .. Enumerable.Range(0, 50).Select(_ => One())];
        var gone = TraceSampler.Choose(traces, 100);
        Assert.Contains(dropped, gone);
        Assert.DoesNotContain(kept, gone);
        Assert.Equal(traces.Length - 1 - 9, gone.Count); // With the one that is kept ten fit.

        static CameTrace One(bool isKept = false, bool isDropped = false) => new(Guid.NewGuid(), 10, "r", false, 1, isKept, isDropped);
    }

    [Fact]
    public void Errors_alone_may_be_more_than_the_budget() => Assert.Empty(TraceSampler.Choose(
        [.. Enumerable.Range(0, 100).Select(_ => new CameTrace(Guid.NewGuid(), 10, "r", true, 1, false, false))], 10));

    [Fact]
    public async Task Traces_go_whole_those_that_come_late_too_and_the_list_says_how_much()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await BayouServer.StartAsync(
            database, ("Bayou:Enabled", "false"), ("Bayou:Traces:SegmentSpans", "1000"), ("Bayou:Traces:SpansPerMinute", $"{Budget}"));
        var traces = Enumerable.Range(0, 600).Select(i => (Id: NewId(16), Fails: i % 60 == 0)).ToList();
        foreach (var part in traces.Chunk(100))
        {
            await Traced.SendAsync(server, "shop", [.. part.SelectMany(trace => Whole(trace.Id, trace.Fails))]);
        }

        await LaterAsync(server, "span_segments", minutes: 3);
        var sampler = server.Get<TraceSampler>();
        var (dropped, _) = await sampler.DecideAsync(BayouServer.Ct);
        Assert.InRange(dropped, 1_800 - Budget, 1_800 - Budget + 9);
        Assert.Equal(0, (await sampler.DecideAsync(BayouServer.Ct)).Dropped); // Once.

        // Of each some comes late.
        await Traced.SendAsync(server, "late", [.. traces.Select(trace => Span("late", trace.Id))]);
        await LaterAsync(server, "span_segments", minutes: 3);
        var (lost, upTo) = await sampler.DecideAsync(BayouServer.Ct);
        Assert.Equal(dropped / 3, lost); // one of each
        Assert.True(await server.Get<SegmentKeeper<SpanSegments>>().SealAllAsync(BayouServer.Ct, upTo) > 0);
        var (_, list) = await server.GetAsync($"/traces?limit=1000&details=false&service=shop");
        var (_, late) = await server.GetAsync($"/traces?limit=1000&details=false&service=late");
        Assert.Equal(1_800 - dropped, list["data"]!.AsArray().Count);
        var kept = list["data"]!.AsArray().GroupBy(span => (string)span!["trace_id"]!).ToDictionary(trace => trace.Key, trace => trace.Count());
        Assert.All(kept.Values, spans => Assert.Equal(3, spans));
        Assert.Equal(kept.Keys.Order(StringComparer.Ordinal), late["data"]!.AsArray().Select(span => (string)span!["trace_id"]!).Order(StringComparer.Ordinal));
        Assert.All(traces.Where(trace => trace.Fails), trace => Assert.Contains(Hex(trace.Id), kept.Keys));
        Assert.Equal(dropped + lost, (long)list["metadata"]!["sampled_out"]!);
        await server.CountedAsync("shop", 600); // Whatever became of their spans.
    }

    [Fact]
    public async Task An_error_that_comes_in_the_next_minute_keeps_its_trace_and_one_that_is_sealed_is_never_let_go()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await BayouServer.StartAsync(
            database, ("Bayou:Enabled", "false"), ("Bayou:Traces:SegmentSpans", "1000"), ("Bayou:Traces:SealAfterSeconds", "0"),
            ("Bayou:Traces:SpansPerMinute", "100"));
        var (sampler, keeper) = (server.Get<TraceSampler>(), server.Get<SegmentKeeper<SpanSegments>>());

        // Failed ones are sealed first.
        var kept = Enumerable.Range(0, 20).Select(_ => NewId(16)).ToList();
        await Traced.SendAsync(server, "failed", [.. kept.Select(trace => Failed(trace))]);
        await LaterAsync(server, "span_segments", minutes: 3);
        await keeper.SealAllAsync(BayouServer.Ct, (await sampler.DecideAsync(BayouServer.Ct)).UpTo);

        // Then more of them comes in a minute that has too much, and of others the children before the roots that fail.
        var late = Enumerable.Range(0, 20).Select(_ => NewId(16)).ToList();
        await Traced.SendAsync(server, "busy", [.. Enumerable.Range(0, 500).Select(_ => Span("work"))]);
        await Traced.SendAsync(server, "shop", [.. kept.Concat(late).Select(trace => Span("child", trace, NewId(8)))]);
        await LaterAsync(server, "span_segments", minutes: 3);
        await Traced.SendAsync(server, "failed", [.. late.Select(trace => Failed(trace))]);
        var (dropped, upTo) = await sampler.DecideAsync(BayouServer.Ct);
        Assert.InRange(dropped, 400, 500);
        await LaterAsync(server, "span_segments", minutes: 3);
        await sampler.DecideAsync(BayouServer.Ct);
        await keeper.SealAllAsync(BayouServer.Ct, upTo);
        await keeper.SealAllAsync(BayouServer.Ct);
        var failed = (await server.DataAsync($"/traces?status=error&limit=1000")).AsArray().Select(span => (string)span!["trace_id"]!);
        Assert.Equal(kept.Concat(late).Select(Hex).Order(StringComparer.Ordinal), failed.Order(StringComparer.Ordinal));
        Assert.Equal(40, (await server.DataAsync($"/traces?name=child&limit=1000")).AsArray().Count);

        static Span Failed(ByteString trace)
        {
            var span = Span("root", trace);
            span.Status = new() { Code = Status.Types.StatusCode.Error };
            return span;
        }
    }

    private static IEnumerable<Span> Whole(ByteString trace, bool fails)
    {
        var root = Request("/orders", trace: trace);
        var inner = Span("work", trace, root.SpanId);
        inner.Status = new() { Code = fails ? Status.Types.StatusCode.Error : Status.Types.StatusCode.Unset };
        return [root, inner, Span("select", trace, inner.SpanId)];
    }

    /// <summary>As if all that came had come some minutes ago, and its segments had been closed then.</summary>
    private static async Task LaterAsync(BayouServer server, string catalogue, int minutes)
    {
        await using var list = server.Db.CreateCommand($"SELECT array_agg(id) FROM {catalogue} WHERE state IN ('hot', 'closed')");
        foreach (var id in (int[])(await list.ExecuteScalarAsync(BayouServer.Ct))!)
        {
            await using var back = server.Db.CreateCommand($"""
                UPDATE span_segment_{id} SET ingested_at = date_trunc('minute', ingested_at) - interval '{minutes} minutes';
                UPDATE {catalogue} SET state = 'closed', changed_at = now() - interval '1 hour' WHERE id = {id};
                """);
            await back.ExecuteNonQueryAsync(BayouServer.Ct);
        }

        await using var decided = server.Db.CreateCommand($"UPDATE span_minutes SET minute = minute - interval '{minutes} minutes'");
        await decided.ExecuteNonQueryAsync(BayouServer.Ct);
    }
}
