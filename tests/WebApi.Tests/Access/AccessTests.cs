using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Bayou.Hosting;
using Microsoft.Extensions.Configuration;

namespace Bayou.Access;

public sealed class AccessTests(AccessTests.Guarded guarded) : IClassFixture<AccessTests.Guarded>
{
    private const string Token = "a token of more than sixteen characters";

    private static CancellationToken Ct => BayouServer.Ct;

    [Theory]
    [InlineData("GET", "/metrics")]
    [InlineData("GET", "/metrics/stream")]
    [InlineData("POST", "/ingest/v1/requests")]
    [InlineData("POST", "/ingest/v1/deploys")]
    [InlineData("GET", "/cluster")]
    [InlineData("GET", "/info")]
    [InlineData("GET", "/health")]
    [InlineData("GET", "/doc")]
    [InlineData("GET", "/nothing/here")]
    public async Task Without_the_token_a_call_is_refused(string method, string path)
    {
        using var response = await SendAsync(method, path);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
        Assert.Equal("UNAUTHENTICATED", (string?)(await BodyAsync(response))["error"]!["code"]);
    }

    [Fact]
    public void Its_cookie_ends_and_cannot_be_made_to_last()
    {
        var (token, now) = (Of(Token), DateTimeOffset.UtcNow);
        var cookie = token.CookieOf(now);
        Assert.True(token.IsCookie(cookie, now));
        Assert.True(token.IsCookie(cookie, now.AddDays(89)));
        Assert.False(token.IsCookie(cookie, now.AddDays(91)));
        Assert.False(token.IsCookie(cookie, now.AddDays(-1)));
        Assert.False(Of(Token + "x").IsCookie(cookie, now));
        Assert.False(token.IsCookie($"{now.AddDays(30).ToUnixTimeSeconds()}.{cookie.Split('.')[1]}", now.AddDays(100)));
        Assert.All((string[])["", ".", "1.", $"{now.ToUnixTimeSeconds()}.", "x.y.z"], wrong => Assert.False(token.IsCookie(wrong, now)));

        static AccessToken Of(string token) =>
            new(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { [AccessToken.Key] = token }).Build());
    }

    [Theory]
    [InlineData("/health/liveness")]
    [InlineData("/health/readiness")]
    public async Task Load_balancers_need_none(string path)
    {
        using var response = await SendAsync("GET", path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("Authorization", "Bearer " + Token)]
    [InlineData("authorization", "bearer " + Token)]
    [InlineData("x-api-key", Token)]
    public async Task With_it_a_call_goes_through(string header, string value)
    {
        using var response = await SendAsync("GET", "/metrics", (header, value));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("Authorization", "Bearer " + Token + "x")]
    [InlineData("Authorization", "Basic " + Token)]
    [InlineData("Authorization", "Bearer")]
    [InlineData("x-api-key", "")]
    [InlineData("Cookie", "bayou_session=" + Token)]
    [InlineData("Cookie", "bayou_session=")]
    public async Task With_another_it_does_not(string header, string value)
    {
        using var response = await SendAsync("GET", "/metrics", (header, value));
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Theory]
    [InlineData("GET", "cross-site", false)]
    [InlineData("POST", "same-site", true)] // Another port of this host.
    [InlineData("POST", "cross-site", true)]
    [InlineData("POST", "same-origin", false)]
    [InlineData("POST", "none", false)]
    public async Task With_the_cookie_only_our_own_page_may_change_anything(string method, string site, bool isRefused)
    {
        using var taken = await guarded.Http.PostAsJsonAsync("/session", new { token = Token }, Ct);
        var cookie = taken.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        using var response = await SendAsync(method, method == "GET" ? "/metrics" : "/ingest/v1/requests", ("Cookie", cookie), ("Sec-Fetch-Site", site));
        Assert.Equal(isRefused, response.StatusCode == HttpStatusCode.Forbidden);
        Assert.NotEqual(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Theory]
    [InlineData("/health/liveness", HttpStatusCode.OK)]
    [InlineData("/health/readiness", HttpStatusCode.OK)]
    [InlineData("/health", HttpStatusCode.MisdirectedRequest)]
    [InlineData("/metrics", HttpStatusCode.MisdirectedRequest)]
    public async Task A_load_balancer_may_ask_by_address(string path, HttpStatusCode expected)
    {
        using var response = await SendAsync("GET", path, ("Host", "10.0.3.7:8080"));
        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Shown_once_it_becomes_a_cookie_that_scripts_cannot_read_and_that_can_be_forgotten()
    {
        using var refused = await guarded.Http.PostAsJsonAsync("/session", new { token = "another" }, Ct);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("token", (string?)(await BodyAsync(refused))["error"]!["details"]![0]!["field"]);
        Assert.False(refused.Headers.Contains("Set-Cookie"));

        using var taken = await guarded.Http.PostAsJsonAsync("/session", new { token = Token }, Ct);
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        var cookie = Assert.Single(taken.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Token, cookie, StringComparison.Ordinal);

        using var known = await SendAsync("GET", "/metrics", ("Cookie", cookie.Split(';')[0]));
        Assert.Equal(HttpStatusCode.OK, known.StatusCode);

        using var forgotten = await guarded.Http.DeleteAsync(new Uri("/session", UriKind.Relative), Ct);
        Assert.Contains("expires=Thu, 01 Jan 1970", Assert.Single(forgotten.Headers.GetValues("Set-Cookie")), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("urls", "http://0.0.0.0:5080")]
    [InlineData("urls", "http://127.0.0.1:5080;http://10.0.0.7:5080")]
    [InlineData("urls", "http://*:5080")]
    [InlineData("urls", "http://bayou.example:5080")]
    [InlineData("urls", "http://[::]:5080")]
    [InlineData("http_ports", "8080")]
    [InlineData("https_ports", "8443")]
    [InlineData("Kestrel:Endpoints:Any:Url", "http://0.0.0.0:80")]
    public void An_address_that_the_network_can_reach_is_told_from_others(string key, string value) =>
        Assert.NotNull(Of((key, value)).ReachableAddress);

    [Theory]
    [InlineData("urls", "http://127.0.0.1:5080;http://[::1]:5080")]
    [InlineData("urls", "http://localhost:5080")]
    [InlineData("nothing", "")]
    public void Loopback_needs_none(string key, string value) => Assert.Null(Of((key, value)).ReachableAddress);

    [Fact]
    public void A_token_from_a_file_may_end_its_line() => Assert.True(Of((AccessToken.Key, Token + "\n")).Is(Token));

    [Fact]
    public void A_short_token_is_refused() => Assert.Throws<CannotStartException>(() => Of((AccessToken.Key, "secret")));

    private static AccessToken Of(params (string Key, string Value)[] settings) =>
        new(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))).Build());

    private static async Task<JsonNode> BodyAsync(HttpResponseMessage response) => JsonNode.Parse(await response.Content.ReadAsStringAsync(Ct))!;

    private Task<HttpResponseMessage> SendAsync(string method, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return guarded.Http.SendAsync(request, Ct);
    }

    public sealed class Guarded : IAsyncLifetime
    {
        private TestDatabase _database = null!;
        private BayouServer _server = null!;

        public HttpClient Http { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            _database = await TestDatabase.CreateAsync();
            _server = await BayouServer.StartAsync(_database, (AccessToken.Key, Token));
            Http = new HttpClient(new HttpClientHandler { UseCookies = false }) { BaseAddress = _server.Http.BaseAddress };
        }

        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            await _server.DisposeAsync();
            await _database.DisposeAsync();
        }
    }
}
