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

    [Theory]
    [InlineData("ilike", "ОШИБКА")]
    [InlineData("ilike", "naive")]
    [InlineData("ilike", "NAI\u0308VE")]
    [InlineData("ilike", "STRASSE")]
    [InlineData("ilike", "istanbul")]
    [InlineData("ilike", "ΟΔΟΣ")]
    [InlineData("ilike", "ångström")] // with the sign for the unit, U+212B, in the line
    [InlineData("ilike", "한국")] // in jamo there
    [InlineData("ilike", "ԱՐԱՐԱՏ")]
    [InlineData("ilike", "100% I")]
    [InlineData("istartswith", "ошибка NA")]
    [InlineData("iendswith", "istanbul")]
    public async Task Case_marks_and_composition_make_no_difference_where_none_is_asked_for(string op, string text)
    {
        var source = $"Größe-{Guid.NewGuid():N}";
        await server.SendLogsAsync(new object[]
        {
            new
            {
                source, level = "info",
                message = "Ошибка nai\u0308ve Straße ΟΔΌΣ \u212Bngstro\u0308m \u1112\u1161\u11AB\u1100\u116E\u11A8 Արարատ 100% İstanbul",
            },
            new { source, level = "info", message = "nothing of it: 100 Istanbu" },
        });
        var value = Uri.EscapeDataString(text);
        foreach (var (of, found) in new[] { ($"source__ilike=GROSSE&message__{op}={value}", 1), ($"message__like={value}", 0) })
        {
            Assert.Equal(found, (await server.DataAsync($"/logs?source={source}&{new AlreadyEscaped(of)}")).AsArray().Count);
        }

        Assert.Equal(2, (await server.DataAsync($"/logs?search=source:{source.ToUpperInvariant()}")).AsArray().Count);
        Assert.Single((await server.DataAsync($"/logs?source={source}&message__notilike=ошибка")).AsArray());
    }

    [Fact]
    public async Task A_pattern_is_called_what_its_lines_say()
    {
        var source = $"called-{Guid.NewGuid():N}";
        await server.SendLogsAsync(new[]
        {
            """{"ts":1764000000,"level":"error","message":"платёж 4711 отклонён"}""", """{"ts":1764000000,"code":4711}""",
            "time=12:01 level=info msg=\"payment 4711 taken\" user=9",
            "System.TimeoutException: no answer in 30 s\n   at Shop.Payments.TakeAsync(Int32 id)\n   at Shop.Orders.EndAsync()",
        }.Select(message => new { source, level = "info", message }).ToArray());
        var titles = (await server.DataAsync($"/logs/patterns?source={source}")).AsArray().Select(row => (string)row!["title"]!);
        Assert.Equal(
            ["System.TimeoutException: no answer in <*> s at Shop.Payments.TakeAsync", "payment <*> taken", "{ts code}", "платёж <*> отклонён"],
            titles.Order(StringComparer.Ordinal));
    }

    private static List<string> Messages(JsonNode rows) => [.. rows.AsArray().Select(row => (string)row!["message"]!)];
}
