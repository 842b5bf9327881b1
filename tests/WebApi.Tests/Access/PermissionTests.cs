using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Bayou.Otlp;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Bayou.Access;

/// <summary>Every address that the server has, tried by everybody. One that is missing here fails.</summary>
public sealed partial class PermissionTests(People people) : IClassFixture<People>
{
    private const string Open = "", Ingest = "ingest", Read = "read", Write = "write", Admin = "admin", Person = "person", Own = "owner";
    private const string Deploy = "ingest write", Items = "ingest beacon";
    private const string Links = "links"; // which no key makes
    private const string Elsewhere = "elsewhere"; // and names this project

    /// <summary>What an address needs, any one of these.</summary>
    private static readonly Dictionary<string, string> Needed = new()
    {
        ["GET /"] = Open, ["GET /dashboard/{**view}"] = Open, ["GET /login/{**way}"] = Open,
        ["GET /health/liveness"] = Open, ["GET /health/readiness"] = Open,
        ["POST /session"] = Open, ["DELETE /session"] = Open, ["POST /auth/login"] = Open, ["POST /auth/logout"] = Open, ["GET /auth/me"] = Open,
        ["POST /auth/first"] = Open, ["POST /auth/link"] = Open, ["POST /auth/password"] = Open, ["POST /auth/refresh"] = Open,
        ["GET /auth/sso"] = Open, ["GET /auth/sso/callback"] = Open,
        ["GET /auth/second-factor"] = Person, ["POST /auth/second-factor"] = Person, ["PUT /auth/second-factor"] = Person,
        ["POST /auth/second-factor/remove"] = Person,
        ["GET /auth/sessions"] = Person, ["DELETE /auth/sessions/{session:long}"] = Person,
        ["POST /ingest/v1/requests"] = Items, ["POST /ingest/v1/logs"] = Items, ["POST /v1/logs"] = Items,
        ["POST /v1/traces"] = Items, ["POST /v1/metrics"] = Items, ["POST /ingest/v1/deploys"] = Deploy,
        ["GET /health"] = Read, ["GET /health/database"] = Read, ["GET /health/worker"] = Read, ["GET /info"] = Read, ["GET /error"] = Read,
        ["GET /doc"] = Read, ["GET /reference/{documentName?}"] = Read, ["GET /reference/scalar.js"] = Read,
        ["GET /reference/scalar.aspnetcore.js"] = Read,
        ["GET /reference/favicon.svg"] = Read, ["GET /cluster"] = Read, ["GET /deploys"] = Read, ["GET /projects"] = Read,
        ["GET /metrics"] = Read, ["GET /metrics/aggregate"] = Read, ["GET /metrics/top"] = Read, ["GET /metrics/summary"] = Read,
        ["GET /metrics/distribution"] = Read, ["GET /metrics/heatmap"] = Read, ["GET /metrics/changes"] = Read, ["GET /metrics/stream"] = Read,
        ["GET /metrics/freshness"] = Read, ["GET /metrics/losses"] = Read, ["GET /metrics/services"] = Read, ["GET /metrics/endpoints"] = Read,
        ["GET /logs"] = Read, ["GET /logs/stream"] = Read, ["GET /logs/patterns"] = Read, ["GET /logs/histogram"] = Read, ["GET /logs/facets"] = Read,
        ["GET /logs/export"] = Read, ["GET /logs/{id:long}"] = Read, ["GET /logs/{id:long}/context"] = Read,
        ["GET /api/v1/users"] = Admin, ["GET /api/v1/users/{id:int}"] = Admin, ["POST /api/v1/users"] = Admin, ["PATCH /api/v1/users/{id:int}"] = Admin,
        ["DELETE /api/v1/users/{id:int}"] = Admin, ["POST /api/v1/users/{id:int}/restore"] = Admin, ["POST /api/v1/users/{id:int}/link"] = Links,
        ["POST /projects"] = Own, ["GET /projects/{project:int}"] = Read, ["PATCH /projects/{project:int}"] = Admin,
        ["DELETE /projects/{project:int}"] = Own, ["POST /projects/{id:int}/restore"] = Own,
        ["GET /projects/{project:int}/members"] = Admin, ["DELETE /projects/{project:int}/members/{id:int}"] = Admin,
        ["POST /projects/{project:int}/members"] = Admin, ["PUT /projects/{project:int}/members/{id:int}"] = Admin,
        ["GET /projects/{project:int}/keys"] = Admin, ["POST /projects/{project:int}/keys"] = Admin, ["DELETE /projects/{project:int}/keys/{id:int}"] = Admin,
        ["GET /worker/jobs"] = Read, ["GET /worker/jobs/facets"] = Read, ["GET /worker/jobs/{id:long}"] = Read, ["GET /worker/jobs/{id:long}/logs"] = Read,
        ["GET /worker/types"] = Read, ["GET /worker/stats"] = Read, ["POST /worker/jobs"] = Write, ["POST /worker/jobs/retry"] = Write,
        ["POST /worker/jobs/cancel"] = Write, ["POST /worker/jobs/run"] = Write, ["POST /worker/jobs/{id:long}/retry"] = Write,
        ["POST /worker/jobs/{id:long}/cancel"] = Write, ["POST /worker/jobs/{id:long}/run"] = Write,
        ["GET /worker/schedules"] = Read, ["POST /worker/schedules"] = Write, ["POST /worker/schedules/preview"] = Read,
        ["GET /worker/schedules/{id:int}"] = Read,
        ["PATCH /worker/schedules/{id:int}"] = Write, ["DELETE /worker/schedules/{id:int}"] = Write, ["POST /worker/schedules/{id:int}/run"] = Write,
        ["POST /ingest/v1/snapshots"] = Items, ["GET /replay"] = Read, ["GET /replay/stream"] = Read, ["GET /replay/facets"] = Read,
        ["GET /replay/{id:long}"] = Read, ["DELETE /replay/{id:long}"] = Write, ["DELETE /replay"] = Write, ["POST /replay/{id:long}/replay"] = Read,
        ["GET /replay/{id:long}/replays"] = Read, ["GET /replay/runs"] = Read, ["POST /replay/runs"] = Write, ["GET /replay/runs/{id:long}"] = Read,
        ["GET /replay/sets"] = Read, ["PUT /replay/sets/{name}"] = Write, ["DELETE /replay/sets/{name}"] = Write,
        ["GET /replay/ignores"] = Read, ["PUT /replay/ignores"] = Write, ["GET /replay/blocks"] = Read, ["PUT /replay/blocks"] = Admin,
        ["GET /replay/targets"] = Read, ["PUT /replay/targets/{service}"] = Admin, ["DELETE /replay/targets/{service}"] = Admin,
        ["PUT /replay/targets/{service}/{stage}"] = Admin, ["DELETE /replay/targets/{service}/{stage}"] = Admin,
        ["GET /traces"] = Read, ["GET /traces/stream"] = Read, ["GET /traces/facets"] = Read, ["GET /traces/map"] = Read,
        ["GET /traces/{trace_id}"] = Read,
        ["GET /series"] = Read, ["GET /traces/work"] = Read, ["GET /metrics/prometheus"] = Read, ["GET /series/query"] = Read,
        ["POST /projects/{project:int}/keys/{id:int}/rotate"] = Admin, ["GET /audit"] = Admin, ["GET /audit/export"] = Admin,
    };

    private static CancellationToken Ct => BayouServer.Ct;

    [Fact]
    public async Task Every_address_lets_through_who_may_and_nobody_else()
    {
        var callers = new (string Name, HttpClient Http, string May)[]
        {
            ("nobody", people.Nobody, ""),
            ("a mistyped key", people.With((await people.KeyAsync(Read)).Key + "x"), ""),
            ("a revoked key", await RevokedAsync(), ""),
            ("a browser's key", await FromPageAsync(), "beacon"),
            ("an ingest key", (await people.KeyAsync(Ingest)).Http, Ingest),
            ("a read key", (await people.KeyAsync(Read)).Http, Read),
            ("a write key", (await people.KeyAsync(Write)).Http, Write),
            ("an admin key", (await people.KeyAsync(Admin)).Http, Admin),
            ("a viewer", (await people.PersonAsync("viewer")).Http, $"{Person} {Read}"),
            ("an editor", (await people.PersonAsync("editor")).Http, $"{Person} {Read} {Write}"),
            ("an admin", (await people.PersonAsync("admin")).Http, $"{Person} {Read} {Write} {Admin} {Ingest} {Links}"),
            ("an owner", people.Owner, $"{Person} {Read} {Write} {Admin} {Ingest} {Links} {Own}"),
            ("another project's admin", await OfOtherAsync("admin"), Elsewhere),
            ("another project's key", await OfOtherAsync(Read, Write, Admin, Ingest), Elsewhere),
        };
        var wrong = new List<string>();
        foreach (var address in Addresses())
        {
            if (!Needed.TryGetValue(address, out var needed))
            {
                wrong.Add($"{address} is not in the table");
                continue;
            }

            foreach (var (name, http, may) in needed == Open ? callers[..1] : callers) // Some of the open ones sign out.
            {
                var status = await TryAsync(http, address);
                var expected = may == Elsewhere ? HttpStatusCode.NotFound
                    : needed == Open || needed.Split(' ').Intersect(may.Split(' ')).Any() ? HttpStatusCode.OK
                    : may.Length == 0 ? HttpStatusCode.Unauthorized : HttpStatusCode.Forbidden;
                if ((status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden || may == Elsewhere ? status : HttpStatusCode.OK) != expected)
                {
                    wrong.Add($"{address} answers {name} {status}, not {expected}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Empty(Needed.Keys.Except(Addresses()));
    }

    [Fact]
    public async Task What_there_is_not_is_told_to_nobody_unknown()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync(people.Nobody, "GET /nothing/here"));
        Assert.Equal(HttpStatusCode.NotFound, await TryAsync(people.Owner, "GET /nothing/here"));
        Assert.Equal(HttpStatusCode.NotFound, await TryAsync(people.Owner, "GET /projects/999999/keys"));
    }

    /// <summary>A person with a role, or a key with scopes, of another project, who names this one.</summary>
    private async Task<HttpClient> OfOtherAsync(params string[] may)
    {
        var project = await people.ProjectAsync();
        var http = may is [var role] ? (await people.PersonAsync(role, project)).Http : (await people.KeyOfAsync(project, may)).Http;
        http.DefaultRequestHeaders.Add("x-bayou-project", "1");
        return http;
    }

    private async Task<HttpClient> FromPageAsync()
    {
        const string Origin = "https://page.example";
        var made = await People.DataAsync(
            people.Owner.PostAsJsonAsync("/projects/1/keys", new { name = "b", scopes = new[] { "ingest:browser" }, origins = new[] { Origin } }, Ct),
            HttpStatusCode.Created);
        var http = people.With((string)made["key"]!);
        http.DefaultRequestHeaders.Add("Origin", Origin);
        await Eventually.SeesAsync(() => TryAsync(http, "POST /ingest/v1/logs"), status => status != HttpStatusCode.Forbidden); // The origin is known.
        return http;
    }

    private async Task<HttpClient> RevokedAsync()
    {
        var (http, id, _) = await people.KeyAsync(Read);
        Assert.Equal(HttpStatusCode.OK, await TryAsync(http, "GET /info"));
        Assert.Equal(HttpStatusCode.NoContent,
            await People.StatusAsync(people.Owner.DeleteAsync(new Uri($"/projects/1/keys/{id}", UriKind.Relative), Ct)));
        return http;
    }

    private SortedSet<string> Addresses() => new(people.Server.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(endpoint => endpoint.Metadata.GetMetadata<GrpcProblems>() is null) // Those answer by a status of their own; see OtlpGrpcTests.
        .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Where(method => method != "HEAD")
            .Select(method => $"{method} {Text(endpoint.RoutePattern)}")), StringComparer.Ordinal);

    private static string Text(RoutePattern pattern) => $"/{pattern.RawText!.Trim('/')}";

    private static async Task<HttpStatusCode> TryAsync(HttpClient http, string address)
    {
        var (method, path) = (address.Split(' ')[0], address.Split(' ')[1]);
        path = Place().Replace(path.Replace("{project:int}", "1", StringComparison.Ordinal).Replace("{**", "{", StringComparison.Ordinal),
            int.MaxValue.ToString(CultureInfo.InvariantCulture));
        using var request = new HttpRequestMessage(new(method), path);
        if (method is "POST" or "PUT" or "PATCH")
        {
            request.Content = JsonContent.Create(new { nothing = "that it takes" });
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct); // A stream never ends.
        return response.StatusCode;
    }

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Place();
}
