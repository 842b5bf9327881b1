using System.Net;
using System.Text;

namespace Bayou.Access;

public sealed class OriginTests(OriginTests.Server server) : IClassFixture<OriginTests.Server>
{
    private const string Item = """[{"service":"foreign","method":"GET","route":"/","status":200,"duration_ms":1,"time":"2020-01-01T00:00:00Z"}]""";

    [Theory]
    [InlineData("/ingest/v1/requests", "https://evil.example", "cross-site")]
    [InlineData("/ingest/v1/logs", "https://evil.example", "cross-site")]
    [InlineData("/ingest/v1/deploys", "https://evil.example", "cross-site")]
    [InlineData("/session", "https://evil.example", "cross-site")]
    [InlineData("/ingest/v1/requests", "http://localhost:3000", "same-site")] // Another port of this host.
    [InlineData("/ingest/v1/requests", "https://evil.example", null)] // Over plain HTTP a browser says no more.
    [InlineData("/ingest/v1/requests", "http://localhost:3000", null)]
    [InlineData("/ingest/v1/requests", "null", null)] // A page in a sandbox, or of a file.
    [InlineData("/ingest/v1/requests", "", "cross-site")]
    public async Task A_page_of_another_site_may_not_change_anything_though_there_is_no_token(string path, string origin, string? site)
    {
        foreach (var type in (string[])["", "text/plain;charset=UTF-8", "application/json"])
        {
            Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(path, origin, site, type));
        }
    }

    [Theory]
    [InlineData("HERE", "same-origin")]
    [InlineData("HERE", null)]
    [InlineData("", null)] // A program.
    [InlineData("", "none")]
    [InlineData("https://app.example", "cross-site")]
    [InlineData("https://app.example", null)]
    public async Task Our_page_a_program_and_pages_that_the_operator_names_may(string origin, string? site)
    {
        var here = origin == "HERE" ? server.Value.Http.BaseAddress!.GetLeftPart(UriPartial.Authority) : origin;
        foreach (var type in (string[])["", "text/plain;charset=UTF-8", "application/json"])
        {
            // As far as the body, whose only item is too old.
            Assert.Equal(HttpStatusCode.BadRequest, await PostAsync("/ingest/v1/requests", here, site, type));
        }
    }

    [Fact]
    public async Task Any_page_may_still_be_followed_a_link_from()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/dashboard");
        request.Headers.Add("Sec-Fetch-Site", "cross-site");
        using var response = await server.Value.Http.SendAsync(request, BayouServer.Ct);
        Assert.NotEqual(HttpStatusCode.Forbidden, response.StatusCode);
    }

    private async Task<HttpStatusCode> PostAsync(string path, string origin, string? site, string type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Item)) };
        request.Content.Headers.TryAddWithoutValidation("content-type", type.Length > 0 ? type : null);
        if (origin.Length > 0)
        {
            request.Headers.Add("Origin", origin);
        }

        if (site is not null)
        {
            request.Headers.Add("Sec-Fetch-Site", site);
        }

        using var response = await server.Value.Http.SendAsync(request, BayouServer.Ct);
        return response.StatusCode;
    }

    public sealed class Server : IAsyncLifetime
    {
        private TestDatabase _database = null!;

        public BayouServer Value { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            _database = await TestDatabase.CreateAsync();
            Value = await BayouServer.StartAsync(_database, (AllowedOrigins.Key, "https://app.example"));
        }

        public async ValueTask DisposeAsync()
        {
            await Value.DisposeAsync();
            await _database.DisposeAsync();
        }
    }
}
