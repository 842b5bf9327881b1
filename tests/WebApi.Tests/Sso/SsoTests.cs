using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Bayou.Access;

namespace Bayou.Sso;

/// <summary>Signing in by a provider, as a browser does: every redirect followed, every cookie kept.</summary>
public sealed class SsoTests(Provider provider) : IClassFixture<Provider>, IAsyncLifetime
{
    private TestDatabase _database = null!;
    private BayouServer? _server;

    private static CancellationToken Ct => BayouServer.Ct;

    public async ValueTask InitializeAsync() => _database = await TestDatabase.CreateAsync();

    public async ValueTask DisposeAsync()
    {
        await (_server?.DisposeAsync() ?? default);
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Who_was_invited_comes_in_as_themselves_and_nobody_else()
    {
        await StartAsync();
        using var owner = await OwnerAsync();
        await People.DataAsync(owner.PostAsJsonAsync("/projects/1/members", new { email = "vera@example.com", role = "editor" }, Ct), HttpStatusCode.Created);
        Is("7", "Vera@Example.com");
        using var browser = New();
        Assert.Equal("/dashboard?service=shop", await SignInAsync(browser, "/dashboard?service=shop"));
        var me = (await People.GetAsync(browser, "/auth/me"))["data"]!;
        Assert.Equal(("vera", "editor"), ((string)me["name"]!, (string)me["role"]!));
        Assert.True(provider.Exchanges > 0);

        // By the provider's own number from then on, whatever the e-mail is.
        Is("7", "vera.married@example.com");
        using var again = New();
        await SignInAsync(again);
        Assert.Equal((int)me["id"]!, (int)(await People.GetAsync(again, "/auth/me"))["data"]!["id"]!);
        var told = (await People.GetAsync(owner, "/audit?action=sign_in&limit=1"))["data"]![0]!;
        Assert.Equal("single sign-on", (string)told["after"]!["via"]!);

        Is("8", "stranger@example.com");
        using var stranger = New();
        Assert.Equal("/login?refused=uninvited", await SignInAsync(stranger));
        Assert.Null((await People.GetAsync(stranger, "/auth/me"))["data"]!["kind"]);

        // Put out here, they do not come back by the provider.
        await People.DataAsync(owner.PatchAsJsonAsync($"/api/v1/users/{me["id"]}", new { disabled = true }, Ct));
        Is("7", "vera@example.com");
        Assert.Equal("/login?refused=disabled", await SignInAsync(again));
    }

    [Fact]
    public async Task An_email_that_the_provider_gives_to_somebody_else_does_not_make_them_the_one_before()
    {
        await StartAsync();
        using var owner = await OwnerAsync();
        var invited = await People.DataAsync(
            owner.PostAsJsonAsync("/projects/1/members", new { email = "vera@example.com", role = "editor" }, Ct), HttpStatusCode.Created);
        Is("7", "vera@example.com");
        Assert.Equal("/", await SignInAsync(New()));
        using var late = await New().PostAsJsonAsync("/auth/password", new { token = People.TokenOf(invited), password = People.Password }, Ct);
        Assert.Equal(HttpStatusCode.Gone, late.StatusCode); // The link is void: two would be Vera.
        Is("8", "vera@example.com");
        Assert.Equal("/login?refused=known", await SignInAsync(New()));
        var told = (await People.GetAsync(owner, "/audit?action=sign_in.fail&limit=1"))["data"]![0]!["after"]!;
        Assert.Equal(("known", "8"), ((string)told["because"]!, (string)told["subject"]!));

        // With another e-mail, Vera is known to no provider; who has it by then, is.
        var id = (int)invited["user_id"]!;
        await People.DataAsync(owner.PatchAsJsonAsync($"/api/v1/users/{id}", new { email = "vera@example.org" }, Ct));
        Is("7", "vera@example.com");
        Assert.Equal("/login?refused=uninvited", await SignInAsync(New()));
        Is("9", "vera@example.org");
        Assert.Equal("/", await SignInAsync(New()));
    }

    [Fact]
    public async Task An_owner_who_comes_by_the_provider_alone_keeps_Bayou_closed()
    {
        await StartAsync();
        using var owner = await OwnerAsync();
        await People.DataAsync(owner.PostAsJsonAsync("/projects/1/members", new { email = "otto@example.com", role = "owner" }, Ct), HttpStatusCode.Created);
        Is("11", "otto@example.com");
        Assert.Equal("/", await SignInAsync(New()));
        await using (var command = _server!.Db.CreateCommand("UPDATE users SET deleted_at = now() WHERE email = 'olga@example.com'"))
        {
            await command.ExecuteNonQueryAsync(Ct);
        }

        await using var next = await BayouServer.StartAsync(_database);
        using var nobody = new HttpClient { BaseAddress = next.Http.BaseAddress };
        await People.GetAsync(nobody, "/logs", HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.Conflict, await People.StatusAsync(
            nobody.PostAsJsonAsync("/auth/first", new { name = "x", email = "otto@example.com", password = People.Password }, Ct)));
    }

    [Fact]
    public async Task An_email_that_the_provider_has_not_verified_is_nobodys()
    {
        await StartAsync();
        using var owner = await OwnerAsync();
        Is("9", "olga@example.com", ("email_verified", "false"));
        using var browser = New();
        Assert.Equal("/login?refused=unverified", await SignInAsync(browser));
        Is("9", "olga@example.com", ("email_verified", "none"));
        Assert.Equal("/login?refused=unverified", await SignInAsync(browser));
    }

    [Fact]
    public async Task A_claim_says_the_role_at_each_signing_in_and_domains_who_comes()
    {
        await StartAsync(("Bayou:Sso:Domains", "example.com, example.org"), ("Bayou:Sso:RoleClaim", "groups"), ("Bayou:Sso:Roles:ops", "admin"),
            ("Bayou:Sso:Roles:dev", "viewer"), ("Bayou:Sso:Name", "Example ID"));
        using var owner = await OwnerAsync();
        Assert.Equal("Example ID", (string)(await People.GetAsync(owner, "/auth/me"))["data"]!["sso"]!);
        using var browser = New();
        foreach (var (groups, expected) in new[] { ("dev", "viewer"), ("ops dev", "admin"), ("others", null), ("dev others", "viewer") })
        {
            Is("7", "new@example.org", [.. groups.Split(' ').Select(group => ("groups", group))]);
            await SignInAsync(browser);
            Assert.Equal(expected, (string?)(await People.GetAsync(browser, "/auth/me"))["data"]!["role"]);
        }

        Is("8", "somebody@example.net", ("groups", "ops"));
        Assert.Equal("/login?refused=domain", await SignInAsync(New()));
        Is("8", "somebody@example.org", ("groups", "others"));
        Assert.Equal("/login?refused=uninvited", await SignInAsync(New()));

        // Who has a password says by it that they are whom the provider means: whoever gave them that password could be another.
        Is("10", "olga@example.com", ("groups", "dev"));
        using var asOwner = New();
        Assert.Equal("/login?refused=known", await SignInAsync(asOwner));
        await SignInAsync(owner, "/dashboard/settings");
        Assert.Equal("/", await SignInAsync(asOwner));
        Assert.Equal("owner", (string)(await People.GetAsync(asOwner, "/auth/me"))["data"]!["role"]!); // No claim makes an owner less.
    }

    [Fact]
    public async Task Who_comes_for_the_first_time_signs_up_where_that_is_wanted()
    {
        await StartAsync(("Bayou:Sso:SignUpRole", "viewer"));
        using var owner = await OwnerAsync();
        Is("7", "new@example.com", ("name", "Nils Neu"));
        using var browser = New();
        await SignInAsync(browser);
        var me = (await People.GetAsync(browser, "/auth/me"))["data"]!;
        Assert.Equal(("Nils Neu", "viewer"), ((string)me["name"]!, (string)me["role"]!));
    }

    [Fact]
    public async Task No_way_in_leads_to_another_site()
    {
        await StartAsync(("Bayou:Sso:SignUpRole", "viewer"));
        using var owner = await OwnerAsync();
        Is("7", "new@example.com");
        foreach (var to in (string[])["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "\t//evil.example"])
        {
            Assert.Equal("/", await SignInAsync(New(), to));
        }

        Assert.Equal("/dashboard/logs?x=//evil.example", await SignInAsync(New(), "/dashboard/logs?x=//evil.example"));
    }

    [Fact]
    public async Task An_answer_that_was_not_asked_for_or_comes_twice_lets_nobody_in()
    {
        await StartAsync(("Bayou:Sso:SignUpRole", "viewer"));
        using var owner = await OwnerAsync();
        Is("7", "new@example.com");
        using var browser = New();
        var begun = await LocationAsync(browser, "/auth/sso");
        using var direct = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        using var answered = await direct.GetAsync(begun, Ct);
        var callback = answered.Headers.Location!;

        // In another browser: its correlation cookie is not there.
        Assert.Equal("/login?refused=failed", (await LocationAsync(New(), callback.PathAndQuery)).OriginalString);
        Assert.Equal("/", (await LocationAsync(browser, callback.PathAndQuery)).OriginalString);
        Assert.Equal("/login?refused=failed", (await LocationAsync(browser, callback.PathAndQuery)).OriginalString);
    }

    [Fact]
    public async Task Without_a_provider_there_is_no_way_in_by_one()
    {
        _server = await BayouServer.StartAsync(_database);
        using var browser = New();
        Assert.Equal(HttpStatusCode.NotFound, await People.StatusAsync(browser.GetAsync(new Uri("/auth/sso", UriKind.Relative), Ct)));
        Assert.Equal(HttpStatusCode.NotFound, await People.StatusAsync(browser.GetAsync(new Uri("/auth/sso/callback?code=1&state=2", UriKind.Relative), Ct)));
        Assert.Null((await People.GetAsync(browser, "/auth/me"))["data"]!["sso"]);
    }

    [Fact]
    public async Task Settings_that_cannot_be_used_are_named()
    {
        foreach (var (key, value, told) in new[]
        {
            ("BAYOU_OIDC_CLIENT_SECRET", "", "BAYOU_OIDC_CLIENT_SECRET"), ("BAYOU_OIDC_AUTHORITY", "http://accounts.example", "BAYOU_OIDC_AUTHORITY"),
            ("Bayou:Sso:SignUpRole", "king", "king"), ("Bayou:Sso:RoleClaim", "groups", "Bayou:Sso:RoleClaim"),
        })
        {
            var e = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync((key, value)));
            Assert.Contains(told, e.Message, StringComparison.Ordinal);
        }
    }

    private async Task StartAsync(params (string Key, string Value)[] settings) => _server = await BayouServer.StartAsync(_database,
    [
        .. new[]
        {
            (SsoOptions.AuthorityKey, provider.Authority), (SsoOptions.ClientIdKey, Provider.ClientId), (SsoOptions.ClientSecretKey, Provider.ClientSecret),
        }.Where(setting => settings.All(own => own.Key != setting.Item1)),
        .. settings,
    ]);

    private async Task<HttpClient> OwnerAsync()
    {
        var http = New();
        await People.DataAsync(http.PostAsJsonAsync("/auth/first", new { name = "Olga", email = "olga@example.com", password = People.Password }, Ct));
        return http;
    }

    private HttpClient New() => new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = _server!.Http.BaseAddress };

    private void Is(string subject, string email, params (string Name, string Value)[] claims)
    {
        provider.Who.Clear();
        provider.Who.AddRange([("sub", subject), ("email", email)]);
        if (claims.All(claim => claim.Name != "email_verified"))
        {
            provider.Who.Add(("email_verified", "true"));
        }

        provider.Who.AddRange(claims.Where(claim => claim != ("email_verified", "none")));
    }

    /// <returns>Where the browser is in the end.</returns>
    private static async Task<string> SignInAsync(HttpClient browser, string? to = null)
    {
        var begun = await LocationAsync(browser, to is null ? "/auth/sso" : $"/auth/sso?to={Uri.EscapeDataString(to)}");
        Assert.Contains("code_challenge_method=S256", begun.Query, StringComparison.Ordinal);
        using var elsewhere = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        using var answered = await elsewhere.GetAsync(begun, Ct);
        Assert.True(answered.Headers.Location is not null, await answered.Content.ReadAsStringAsync(Ct));
        return (await LocationAsync(browser, answered.Headers.Location!.PathAndQuery)).OriginalString;
    }

    private static async Task<Uri> LocationAsync(HttpClient browser, string path)
    {
        using var response = await browser.GetAsync(new Uri(path, UriKind.Relative), Ct);
        Assert.True(response.StatusCode == HttpStatusCode.Redirect, $"{path}: {response.StatusCode} {await response.Content.ReadAsStringAsync(Ct)}");
        return response.Headers.Location!;
    }
}
