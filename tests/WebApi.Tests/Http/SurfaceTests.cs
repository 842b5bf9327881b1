using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace Bayou.Http;

public sealed partial class SurfaceTests(BayouServer server) : IClassFixture<BayouServer>
{
    [Fact]
    public async Task Every_response_has_a_trace_id_and_the_security_headers()
    {
        foreach (var path in (string[])["/health", "/metrics", "/nothing/here", "/doc", "/metrics?bad=1"])
        {
            using var response = await server.Http.GetAsync(new Uri(path, UriKind.Relative), BayouServer.Ct);
            foreach (var header in (string[])["x-trace-id", "Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy",
                "Permissions-Policy"])
            {
                Assert.True(response.Headers.Contains(header), $"{path} has no {header}");
            }
        }
    }

    [Fact]
    public async Task The_callers_trace_id_is_kept_and_one_that_could_forge_logs_is_not()
    {
        Assert.Equal("abc-123", await TraceIdAsync("abc-123"));
        Assert.NotEqual("a b", await TraceIdAsync("a b"));
        Assert.Matches("^[0-9a-f]{32}$", await TraceIdAsync(new string('x', 200)));
    }

    [Fact]
    public async Task A_foreign_host_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics") { Headers = { Host = "evil.example" } };
        using var response = await server.Http.SendAsync(request, BayouServer.Ct);
        Assert.Equal(HttpStatusCode.MisdirectedRequest, response.StatusCode);
        Assert.Equal("host", (string)(await JsonAsync(response))["error"]!["details"]![0]!["field"]!);
    }

    [Theory]
    [InlineData("GET", "/index.html", HttpStatusCode.NotFound, "NOT_FOUND")]
    [InlineData("GET", "/nowhere", HttpStatusCode.NotFound, "NOT_FOUND")]
    [InlineData("GET", "/ingest/v1/requests", HttpStatusCode.MethodNotAllowed, "METHOD_NOT_ALLOWED")]
    [InlineData("DELETE", "/metrics", HttpStatusCode.MethodNotAllowed, "METHOD_NOT_ALLOWED")]
    public async Task What_is_not_there_is_said_in_the_envelope(string method, string path, HttpStatusCode status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await server.Http.SendAsync(request, BayouServer.Ct);
        var body = await JsonAsync(response);
        Assert.Equal((status, code), (response.StatusCode, (string)body["error"]!["code"]!));
        Assert.Equal(response.Headers.GetValues("x-trace-id").Single(), (string)body["error"]!["trace_id"]!);
        Assert.True(body.AsObject().ContainsKey("data") && body.AsObject().ContainsKey("metadata"));
    }

    [Fact]
    public async Task Health_names_its_parts()
    {
        foreach (var (path, part) in new[] { ("", "worker"), ("/liveness", "liveness"), ("/readiness", "database"), ("/database", "database"),
            ("/worker", "worker") })
        {
            var data = await server.DataAsync($"/health{new AlreadyEscaped(path)}");
            Assert.Equal(("healthy", "healthy"), ((string)data["status"]!, (string)data["parts"]![part]!["status"]!));
        }
    }

    [Fact]
    public async Task Info_says_what_runs()
    {
        var info = await server.DataAsync($"/info");
        Assert.Equal(("Bayou", Hosting.SiloHosting.Runtime), ((string)info["name"]!, (string)info["runtime"]!));
        Assert.StartsWith("1", (string)info["database"]!["version"]!);
    }

    [Fact]
    public async Task The_demo_error_fails_as_often_as_asked()
    {
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync($"/error?error_rate=0")).Status);
        Assert.True((int)(await server.GetAsync($"/error?error_rate=1")).Status >= 500);
    }

    [Fact]
    public async Task Bayou_records_its_own_api_and_not_its_page()
    {
        await server.GetAsync($"/metrics/endpoints");
        var endpoints = await Eventually.SeesAsync(
            async () => (await server.DataAsync($"/metrics/endpoints?service=bayou")).AsArray().Select(e => (string)e!["endpoint"]!).ToList(),
            endpoints => endpoints.Contains("GET /metrics/endpoints"));
        Assert.DoesNotContain(endpoints, e => e.Contains("dashboard", StringComparison.Ordinal));
    }

    /// <summary>A route cannot appear, vanish or change its parameters unseen.</summary>
    [Fact]
    public async Task The_document_lists_every_route()
    {
        var doc = JsonNode.Parse(await server.Http.GetStringAsync(new Uri("/doc", UriKind.Relative), BayouServer.Ct))!;
        Assert.StartsWith("3.1", (string)doc["openapi"]!);
        var routes = doc["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(op => $"{op.Key.ToUpperInvariant()} {path.Key}"))
            .Order(StringComparer.Ordinal);
        var served = server.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>()?.ExcludeFromDescription != true
                && route.Metadata.GetMetadata<IHttpMethodMetadata>() is not null && route.RoutePattern.RawText != "/doc")
            .SelectMany(route => route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
                .Select(method => $"{method} /{Constraint().Replace(route.RoutePattern.RawText!, "}").Trim('/')}"));
        Assert.Equal(served.Order(StringComparer.Ordinal), routes);
        var parameters = doc["paths"]!["/metrics"]!["get"]!["parameters"]!.AsArray().Select(p => (string)p!["name"]!);
        Assert.Contains("id__gt", parameters);
        Assert.Contains("duration_ms", doc["paths"]!["/ingest/v1/requests"]!["post"]!["requestBody"]!.ToJsonString() + doc["components"]?.ToJsonString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_reference_page_asks_no_other_host()
    {
        using var response = await server.Http.GetAsync(new Uri("/reference", UriKind.Relative), BayouServer.Ct);
        Assert.DoesNotContain("://", await response.Content.ReadAsStringAsync(BayouServer.Ct), StringComparison.Ordinal);
        Assert.DoesNotContain("http", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_pages_of_named_origins_may_call()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var open = await BayouServer.StartAsync(database, ("BAYOU_CORS_ORIGINS", "https://a.example, https://b.example"));
        foreach (var (of, origin, allowed) in new[] { (open, "https://b.example", true), (open, "https://c.example", false),
            (server, "https://b.example", false) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/health/liveness") { Headers = { { "Origin", origin } } };
            using var response = await of.Http.SendAsync(request, BayouServer.Ct);
            Assert.Equal(allowed, response.Headers.TryGetValues("Access-Control-Allow-Origin", out var values) && values.Single() == origin);
        }
    }

    private async Task<string> TraceIdAsync(string given)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health/liveness");
        request.Headers.TryAddWithoutValidation("x-trace-id", given);
        using var response = await server.Http.SendAsync(request, BayouServer.Ct);
        return response.Headers.GetValues("x-trace-id").Single();
    }

    private static async Task<JsonNode> JsonAsync(HttpResponseMessage response) =>
        JsonNode.Parse(await response.Content.ReadAsStringAsync(BayouServer.Ct))!;

    [GeneratedRegex(":[a-z]+}")]
    private static partial Regex Constraint();
}
