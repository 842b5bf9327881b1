using System.Net;
using System.Text.Json.Nodes;

namespace Bayou.Logs;

/// <summary>What filters mean.</summary>
public sealed class LogFilterTests(BayouServer server) : IClassFixture<BayouServer>
{
    [Fact]
    public async Task What_is_null_in_answers_is_null_in_filters()
    {
        var source = $"null-{Guid.NewGuid():N}";
        var time = BayouServer.RecentMinute;
        await server.SendLogsAsync(new object[]
        {
            new { source, level = "info", message = "neither", time },
            new { source, level = "info", message = "service", service = "s", time },
            new { source, level = "info", message = "trace", trace_id = "t", time },
        });
        foreach (var (filter, expected) in new[]
        {
            ("service__isnull=true", "neither trace"), ("service__isnull=false", "service"), ("service__isnotnull=true", "service"),
            ("trace_id__isnull=true", "neither service"), ("trace_id__isnotnull=true", "trace"), ("service__isnull=true&trace_id__isnull=true", "neither"),
        })
        {
            var found = Messages((await server.GetAsync($"/logs?source={source}&{new AlreadyEscaped(filter)}")).Body["data"]!);
            Assert.Equal(expected.Split(' '), found.Order());
        }
    }

    [Fact]
    public async Task A_list_takes_values_with_commas_as_several_parameters_or_escaped()
    {
        var name = Guid.NewGuid().ToString("N");
        string[] sources = [$"{name},a", $"{name}b", $"{name}\\,c"];
        var time = BayouServer.RecentMinute;
        await server.SendLogsAsync(sources.Select(source => new { source, level = "info", message = source, time }).ToArray());
        var (a, b, c) = (Uri.EscapeDataString(sources[0]), sources[1], Uri.EscapeDataString(sources[2]));
        foreach (var (query, expected) in new[]
        {
            ($"source__in={a}&source__in={b}", sources[..2]), ($"source__in={c}&source__in={a}&source__in={b}", sources),
            ($"source__in={name}%5C,a,{b}", sources[..2]), ($"source__in={b},nothing", [b]),
            ($"source__notin={a}&source__notin={c}&source__startswith={name}", [b]),
        })
        {
            var found = Messages((await server.GetAsync($"/logs?{new AlreadyEscaped(query)}")).Body["data"]!);
            Assert.Equal(expected.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
        }

        Assert.Equal(HttpStatusCode.BadRequest, (await server.GetAsync($"/logs?source=a&{new AlreadyEscaped("source=b")}")).Status);
    }

    private static List<string> Messages(JsonNode rows) => [.. rows.AsArray().Select(row => (string)row!["message"]!)];
}
