using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Bayou.Access;
using Bayou.Otlp;
using Bayou.Points;
using Bayou.Traces;
using Google.Protobuf;
using Microsoft.AspNetCore.Routing;

namespace Bayou.Projects;

/// <summary>What one project has, tried by another's admin at every address that the server has, by its real ids.</summary>
public sealed partial class ProjectIsolationTests(People people) : IClassFixture<People>
{
    private const string Mark = "zebra"; // in all that the first project has, and in nothing else

    private static CancellationToken Ct => BayouServer.Ct;

    [Fact]
    public async Task Nothing_of_one_project_shows_in_another()
    {
        var theirs = await FillAsync(1, Mark);
        var other = await people.ProjectAsync();
        var (admin, _, _) = await people.PersonAsync("admin", other);
        await FillAsync(other, "okapi");
        var wrong = new List<string>();
        var tried = 0;
        foreach (var (method, route) in Addresses().Where(address => address.Method == "GET" || address.Route.Contains("{id", StringComparison.Ordinal)))
        {
            foreach (var path in Paths(route, theirs, other))
            {
                tried++;
                using var request = new HttpRequestMessage(new(method), path);
                request.Content = method is "POST" or "PUT" or "PATCH" ? JsonContent.Create(BodyOf(route)) : null;
                using var response = await admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
                var isThing = route.Contains("{id", StringComparison.Ordinal);
                if (isThing && response.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.Forbidden))
                {
                    wrong.Add($"{method} {path} answers {response.StatusCode}");
                }

                var isEndless = response.Content.Headers.ContentType?.MediaType == "text/event-stream"; // Those have a test of their own.
                if (!isEndless && (await response.Content.ReadAsStringAsync(Ct)).Contains(Mark, StringComparison.OrdinalIgnoreCase))
                {
                    wrong.Add($"{method} {path} shows what it must not");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(tried > 40, $"{tried} were tried");
        Assert.Equal(Mark, (string)(await People.GetAsync(people.Owner, $"/api/v1/users/{theirs.Person}"))["data"]!["name"]!);
        Assert.Contains((await People.GetAsync(people.Owner, "/projects/1/keys"))["data"]!.AsArray(), key => (int)key!["id"]! == theirs.Key);
    }

    [Theory]
    [InlineData("/metrics/summary", "\"traffic\":{\"value\":0,\"previous\":0")]
    [InlineData("/metrics/aggregate", "\"data\":[]")]
    [InlineData("/metrics/top", "\"data\":[]")]
    [InlineData("/metrics/top?dimension=country", "\"data\":[]")]
    [InlineData("/metrics/distribution", "\"count\":0")]
    [InlineData("/metrics/heatmap", "\"windows\":[]")]
    [InlineData("/metrics/changes", "\"endpoints\":[]")]
    [InlineData("/metrics/freshness", "\"rejected\":0")]
    [InlineData("/metrics/losses", "\"data\":[]")]
    [InlineData("/metrics/services", "\"data\":[]")]
    [InlineData("/metrics/endpoints", "\"data\":[]")]
    [InlineData("/metrics", "\"total\":0")]
    [InlineData("/logs", "\"total\":0,\"last_id\":0")]
    [InlineData("/logs/histogram", "\"total\":0")]
    [InlineData("/logs/facets", "\"level\":[],\"source\":[],\"service\":[]")]
    [InlineData("/logs/patterns", "\"total\":0")]
    [InlineData("/deploys", "\"total\":0,\"last_id\":0")]
    [InlineData("/worker/jobs", "\"total\":0")]
    [InlineData("/worker/jobs/facets", "\"type\":[],\"status\":[],\"queue\":[]")]
    [InlineData("/worker/schedules", "\"total\":0")]
    [InlineData("/replay/targets", "\"data\":[]")]
    [InlineData("/replay", "\"total\":0,\"last_id\":0")]
    [InlineData("/replay/facets", "\"status_code\":[],\"service\":[]")]
    [InlineData("/replay/runs", "\"data\":[]")]
    [InlineData("/replay/sets", "\"data\":[]")]
    [InlineData("/replay/ignores", "\"data\":[]")]
    [InlineData("/replay/blocks", "\"paths\":[]")]
    [InlineData("/traces", "\"total\":0,\"last_id\":0")]
    [InlineData("/traces/facets", "\"service\":[],\"name\":[]")]
    [InlineData("/series", "\"data\":[]")]
    [InlineData("/traces/work", "\"traces\":0")]
    [InlineData("/traces/map", "\"edges\":[]")]
    public async Task An_empty_project_counts_nothing_of_others(string path, string expected)
    {
        await FillAsync(1, Mark);
        var (reader, _, _) = await people.KeyOfAsync(await people.ProjectAsync(), "read");
        Assert.Contains(expected, (await People.GetAsync(reader, path)).ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain(expected, (await People.GetAsync(people.Owner, path)).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_has_its_own_counts_patterns_and_facets()
    {
        var (one, two) = (await people.ProjectAsync(), await people.ProjectAsync());
        await FillAsync(one, "heron");
        await FillAsync(one, "heron");
        await FillAsync(two, "heron");
        var counts = new List<int>();
        foreach (var project in (int[])[one, two])
        {
            var rows = await Eventually.SeesAsync(
                async () => (await People.GetAsync(people.Owner, $"/metrics?service=heron&project={project}"))["data"]!.AsArray(), found => found.Count > 0);
            counts.Add(rows.Sum(row => (int)row!["traffic_count"]!));
            var patterns = (await People.GetAsync(people.Owner, $"/logs/patterns?project={project}"))["data"]!.AsArray();
            Assert.Equal(counts[^1], patterns.Sum(pattern => (int)pattern!["range_count"]!));
            Assert.Equal(counts[^1], (await People.GetAsync(people.Owner, $"/logs?search=heron&project={project}"))["data"]!.AsArray().Count);
        }

        Assert.Equal([2, 1], counts);
        var ids = new HashSet<int>();
        foreach (var project in (int[])[one, two])
        {
            var patterns = await People.GetAsync(people.Owner, $"/logs/patterns?project={project}");
            ids.UnionWith(patterns["data"]!.AsArray().Select(row => (int)row!["pattern_id"]!));
        }

        Assert.Equal(2, ids.Count); // Equal lines, a pattern in each.
    }

    [Fact]
    public async Task Streams_and_cursors_have_only_what_is_their_own()
    {
        var project = await people.ProjectAsync();
        var (reader, _, _) = await people.KeyOfAsync(project, "read");
        using var windows = new StreamReader(await reader.GetStreamAsync(new Uri("/metrics/stream?id__gt=0", UriKind.Relative), Ct));
        using var lines = new StreamReader(await reader.GetStreamAsync(new Uri("/logs/stream?id__gt=0", UriKind.Relative), Ct));
        await FillAsync(1, Mark);
        await FillAsync(project, "ibis");
        Assert.Contains("ibis", await FirstAsync(windows), StringComparison.Ordinal);
        Assert.Contains("ibis", await FirstAsync(lines), StringComparison.Ordinal);

        // From memory, and from the database, which alone can tell of others than names.
        foreach (var filter in (string[])["", "&traffic_count__gte=1"])
        {
            var rows = (await People.GetAsync(reader, $"/metrics?id__gt=0&limit=1000{filter}"))["data"]!.AsArray();
            Assert.NotEmpty(rows);
            Assert.All(rows, row => Assert.Equal("ibis", (string)row!["service"]!));
        }
    }

    [Fact]
    public async Task An_idempotency_key_is_of_its_project()
    {
        var project = await people.ProjectAsync();
        var key = $"{Guid.NewGuid():N}";
        foreach (var (of, status) in new[] { (1, "first"), (project, "second") })
        {
            var (http, _, _) = await people.KeyOfAsync(of, "ingest");
            http.DefaultRequestHeaders.Add("Idempotency-Key", key);
            var line = new { source = status, level = "info", message = status };
            var answer = await People.DataAsync(http.PostAsJsonAsync("/ingest/v1/logs", new[] { line }, Ct), HttpStatusCode.Accepted);
            Assert.Null(answer["duplicate"]);
            Assert.Equal(1, (int)answer["accepted"]!);
        }
    }

    private static object BodyOf(string route) =>
        route.EndsWith("/members/{id:int}", StringComparison.Ordinal) ? new { role = "viewer" } : new { name = "changed" };

    /// <summary>An address with the first project's things in it: told by nothing else, and searched for.</summary>
    private static IEnumerable<string> Paths(string route, Things theirs, int other)
    {
        if (route == "/series/query")
        {
            yield return $"/series/query?name={Mark}";
            yield break;
        }

        if (route == "/traces/{trace_id}")
        {
            yield return $"/traces/{theirs.Trace}";
            yield break;
        }

        var id = route switch
        {
            _ when route.Contains("/keys/", StringComparison.Ordinal) => theirs.Key,
            _ when route.StartsWith("/logs/", StringComparison.Ordinal) => theirs.Line,
            _ when route.StartsWith("/projects/{id", StringComparison.Ordinal) => 1,
            _ when route.StartsWith("/worker/jobs/", StringComparison.Ordinal) => theirs.Job,
            _ when route.StartsWith("/worker/schedules/", StringComparison.Ordinal) => theirs.Schedule,
            _ when route.StartsWith("/replay/runs/", StringComparison.Ordinal) => theirs.Run,
            _ when route.StartsWith("/replay/", StringComparison.Ordinal) => theirs.Snapshot,
            _ => theirs.Person,
        };
        var path = Place().Replace(route.Replace("{project:int}", $"{other}", StringComparison.Ordinal), id.ToString(CultureInfo.InvariantCulture));
        yield return path;
        if (route is "/metrics" or "/logs" or "/deploys" or "/audit" or "/api/v1/users" or "/worker/jobs" or "/worker/schedules"
            or "/replay" or "/traces")
        {
            yield return $"{path}?id__gt=0&limit=1000";
            yield return $"{path}?search={Mark}&limit=1000";
        }

        if (route.StartsWith("/logs", StringComparison.Ordinal) && !route.Contains('{', StringComparison.Ordinal))
        {
            yield return $"{path}?search=trace:{Mark}";
            yield return $"{path}?pattern_id={theirs.Pattern}";
        }

        if (route is "/replay" or "/replay/facets")
        {
            yield return $"{path}?search=trace:{Mark}";
            yield return $"{path}?pattern_id={theirs.Pattern}";
        }

        if (route.StartsWith("/metrics/", StringComparison.Ordinal) && route is not ("/metrics/losses" or "/metrics/services"))
        {
            yield return $"{path}?service=nobody";
        }
    }

    /// <summary>Has a project take a request, a line, a deploy, a person and a key, all with a mark in their names.</summary>
    private async Task<Things> FillAsync(int project, string mark)
    {
        var (http, _, _) = await people.KeyOfAsync(project, "ingest", "write", "read");
        await People.DataAsync(http.PostAsJsonAsync("/ingest/v1/requests", new[]
        {
            new { service = mark, method = "GET", route = $"/{mark}", status = 500, duration_ms = 5, country = "FR", time = DateTimeOffset.UtcNow,
                version = $"{mark}-1" },
        }, Ct), HttpStatusCode.Accepted);
        var refused = new Dictionary<string, string> { ["service"] = mark, [mark] = "an unknown field" };
        Assert.Equal(HttpStatusCode.BadRequest, await People.StatusAsync(http.PostAsJsonAsync("/ingest/v1/requests", new[] { refused }, Ct)));
        await People.DataAsync(http.PostAsJsonAsync("/ingest/v1/logs", new[]
        {
            new { source = mark, service = mark, level = "error", message = $"the {mark} is out", trace_id = mark, meta = new { animal = mark } },
        }, Ct), HttpStatusCode.Accepted);
        await People.DataAsync(http.PostAsJsonAsync("/ingest/v1/deploys", new { service = mark, version = $"{mark}-{Guid.NewGuid():N}" }, Ct),
            HttpStatusCode.Accepted);
        using var named = new HttpRequestMessage(HttpMethod.Post, "/api/v1/users") { Content = JsonContent.Create(new { name = mark }) };
        named.Headers.Add("x-bayou-project", $"{project}");
        var person = await People.DataAsync(people.Owner.SendAsync(named, Ct), HttpStatusCode.Created);
        var key = await People.DataAsync(
            people.Owner.PostAsJsonAsync($"/projects/{project}/keys", new { name = mark, scopes = new[] { "read" } }, Ct), HttpStatusCode.Created);
        await Eventually.SeesAsync(async () => (await People.GetAsync(http, $"/metrics?service={mark}"))["data"]!.AsArray(), rows => rows.Count > 0);
        await Eventually.SeesAsync(async () => (await People.GetAsync(http, "/metrics/losses"))["data"]!.AsArray(), rows => rows.Count > 0);
        var line = (await People.GetAsync(http, $"/logs?source={mark}&limit=1"))["data"]![0]!;
        var job = await People.DataAsync(
            http.PostAsJsonAsync("/worker/jobs", new { type = "noop", payload = new { error = mark }, delay_ms = 3_600_000 }, Ct), HttpStatusCode.Accepted);
        var schedule = await People.DataAsync(
            http.PostAsJsonAsync("/worker/schedules", new { name = $"{mark} {Guid.NewGuid():N}", type = "noop", cron = "@yearly" }, Ct),
            HttpStatusCode.Created);
        using var target = await people.Owner.PutAsJsonAsync($"/replay/targets/{mark}?project={project}", new { base_url = $"http://{mark}.example" }, Ct);
        Assert.Equal(HttpStatusCode.NoContent, target.StatusCode);
        await People.DataAsync(http.PostAsJsonAsync("/ingest/v1/snapshots", new[]
        {
            new { service = mark, method = "GET", path = $"/{mark}", status_code = 500, duration = 1, trace_id = mark, body = new { animal = mark } },
        }, Ct), HttpStatusCode.Accepted);
        var snapshot = (long)(await People.GetAsync(http, $"/replay?service={mark}&limit=1"))["data"]![0]!["id"]!;
        using var set = await http.PutAsJsonAsync($"/replay/sets/{mark}", new { ids = new[] { snapshot } }, Ct);
        Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);
        using var ignored = await http.PutAsJsonAsync("/replay/ignores", new { service = mark, endpoint = $"GET /{mark}", paths = new[] { mark } }, Ct);
        Assert.Equal(HttpStatusCode.NoContent, ignored.StatusCode);
        using var blocked = await people.Owner.PutAsJsonAsync($"/replay/blocks?project={project}", new { paths = new[] { $"/{mark}" } }, Ct);
        Assert.Equal(HttpStatusCode.NoContent, blocked.StatusCode);
        var run = await People.DataAsync(http.PostAsJsonAsync("/replay/runs", new { set = mark }, Ct), HttpStatusCode.Accepted);
        var span = Traced.Request($"/{mark}");
        using var spans = new ByteArrayContent(Traced.Of(mark, span).ToByteArray()) { Headers = { ContentType = new(OtlpEndpoints.Protobuf) } };
        Assert.Equal(HttpStatusCode.OK, await People.StatusAsync(http.PostAsync(new Uri("/v1/traces", UriKind.Relative), spans, Ct)));
        using var points = new ByteArrayContent(Measured.Of(mark, Measured.Gauge(mark, DateTimeOffset.UtcNow, 1, Measured.Attribute(mark, mark))).ToByteArray())
        {
            Headers = { ContentType = new(OtlpEndpoints.Protobuf) },
        };
        Assert.Equal(HttpStatusCode.OK, await People.StatusAsync(http.PostAsync(new Uri("/v1/metrics", UriKind.Relative), points, Ct)));
        return new(
            (int)person["id"]!, (int)key["id"]!, (long)line["id"]!, (int)line["pattern_id"]!, (long)job["id"]!, (int)schedule["id"]!, snapshot,
            (long)run["id"]!, Traced.Hex(span.TraceId));
    }

    private static async Task<string> FirstAsync(StreamReader events)
    {
        while (await events.ReadLineAsync(Ct) is { } line)
        {
            if (line.StartsWith("data:", StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new EndOfStreamException();
    }

    private IEnumerable<(string Method, string Route)> Addresses() =>
        from endpoint in people.Server.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        where endpoint.Metadata.GetMetadata<NeededPermission>() is not null && endpoint.Metadata.GetMetadata<GrpcProblems>() is null
        let route = $"/{endpoint.RoutePattern.RawText!.Trim('/')}"
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
        where method != "HEAD" && !route.StartsWith("/auth", StringComparison.Ordinal)
        select (method, route);

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Place();

    private sealed record Things(int Person, int Key, long Line, int Pattern, long Job, int Schedule, long Snapshot, long Run,
        string Trace);
}
