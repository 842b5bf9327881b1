using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using OtpNet;
using static Microsoft.Playwright.Assertions;

namespace Bayou;

/// <summary>A team comes in: from a server that is open to everybody to people, keys, and a record of what they did.</summary>
public sealed class AccessPageTests : IAsyncLifetime
{
    private const string Password = "a long enough password";

    private readonly Browser _browser = new();

    private Product Product => _browser.Product;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _browser.InitializeAsync();

    public ValueTask DisposeAsync() => _browser.DisposeAsync();

    [Fact]
    public async Task The_first_administrator_invites_another_makes_a_key_revokes_it_and_finds_all_of_it_in_the_audit_log()
    {
        await Product.SendAsync("shop", 1);
        var page = await _browser.OpenAsync("/dashboard?service=shop");
        await page.GetByRole(AriaRole.Link, new() { Name = "Open to anybody" }).ClickAsync();
        await Browser.ScreenshotAsync(page, "settings-first");
        Assert.Empty(await Axe.ComplaintsAsync(page));
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Olga");
        await page.GetByLabel("E-mail").FillAsync("olga@example.com");
        await page.GetByLabel("Password").FillAsync(Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Make it, and sign in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row, new() { Name = "Olga" })).ToContainTextAsync("you");
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(key: null));

        // Another person, in another browser.
        await page.GetByLabel("E-mail of whom to invite").FillAsync("vic@example.com");
        await page.GetByRole(AriaRole.Button, new() { Name = "Invite" }).ClickAsync();
        var link = (await page.GetByLabel("The link", new() { Exact = true }).TextContentAsync())!;
        await Browser.ScreenshotAsync(page, "settings-people");
        var second = await _browser.OpenAsync(new Uri(link).PathAndQuery + new Uri(link).Fragment, ColorScheme.Dark);
        await Expect(second.GetByLabel("E-mail")).ToHaveValueAsync("vic@example.com");
        Assert.Empty(await Axe.ComplaintsAsync(second));
        await second.GetByLabel("Password").FillAsync(Password);
        await Browser.ScreenshotAsync(second, "welcome");
        await second.GetByRole(AriaRole.Button, new() { Name = "Choose it, and sign in" }).ClickAsync();
        await Expect(second.GetByRole(AriaRole.Link, new() { Name = "vic", Exact = true })).ToBeVisibleAsync();

        // A viewer is not offered what they may not do.
        await second.GotoAsync(new Uri(Product.Url, "/dashboard/settings").ToString());
        await Expect(second.GetByRole(AriaRole.Button, new() { Name = "Sessions" })).ToBeVisibleAsync();
        foreach (var tab in (string[])["People", "Keys", "Audit"])
        {
            await Expect(second.GetByRole(AriaRole.Button, new() { Name = tab, Exact = true })).ToHaveCountAsync(0);
        }


        // A key, by which a program sends, until it is revoked.
        await page.GetByRole(AriaRole.Button, new() { Name = "Keys" }).ClickAsync();
        await page.GetByLabel("Name of the key").FillAsync("shop");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a key" }).ClickAsync();
        var key = (await page.GetByLabel("The key", new() { Exact = true }).TextContentAsync())!;
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(key));
        await Browser.ScreenshotAsync(page, "settings-keys");
        await page.GetByRole(AriaRole.Button, new() { Name = "Done" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Revoke", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Revoke shop now" }).ClickAsync();
        await Expect(page.GetByText("There is no key yet.")).ToBeVisibleAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(key));

        await page.GetByRole(AriaRole.Button, new() { Name = "Audit" }).ClickAsync();
        foreach (var action in (string[])["person.create", "person.invite", "password.set", "sign_in", "key.create", "key.revoke"])
        {
            await Expect(page.GetByRole(AriaRole.Cell, new() { Name = action, Exact = true }).First).ToBeVisibleAsync();
        }

        Assert.Empty(await Axe.ComplaintsAsync(page));
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await Browser.ScreenshotAsync(page, "settings-audit");
        await page.SetViewportSizeAsync(380, 800);
        await Browser.ScreenshotAsync(page, "settings-audit-380");
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"));
    }

    [Fact]
    public async Task Signing_out_closes_the_page_and_signing_in_opens_it_where_one_was()
    {
        await Product.SendAsync("shop", 12);
        using var made = await Product.Http.PostAsJsonAsync(
            new Uri(Product.Url, "/auth/first"), new { name = "Olga", email = "olga@example.com", password = Password }, Ct);
        var page = await _browser.OpenAsync("/dashboard?service=shop&range=15m");
        await page.GetByLabel("E-mail").FillAsync("olga@example.com");
        await page.GetByLabel("Password").FillAsync("not this one, though");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The e-mail or the password is not right.");
        await Browser.ScreenshotAsync(page, "sign-in-refused");
        Assert.Empty(await Axe.ComplaintsAsync(page));
        await page.GetByLabel("Password").FillAsync(Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.Locator("[data-figure=Requests]")).ToHaveTextAsync("12");
        await Expect(page).ToHaveURLAsync(new Regex("service=shop"));

        // The way to send has a key in it once one is made.
        await page.GetByRole(AriaRole.Link, new() { Name = "Connect", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "curl" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a key" }).ClickAsync();
        await Expect(page.Locator("pre")).ToContainTextAsync("x-api-key: bayou_ingest_");
        await Browser.ScreenshotAsync(page, "connect-key");

        await page.GetByRole(AriaRole.Link, new() { Name = "Settings", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sessions" }).ClickAsync();
        await Expect(page.GetByText("this one")).ToBeVisibleAsync();
        await Browser.ScreenshotAsync(page, "settings-sessions");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out Olga" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in to Bayou" })).ToBeVisibleAsync();
        await page.ReloadAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in to Bayou" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_second_factor_is_added_asked_for_and_taken_away()
    {
        using var made = await Product.Http.PostAsJsonAsync(
            new Uri(Product.Url, "/auth/first"), new { name = "Olga", email = "olga@example.com", password = Password }, Ct);
        var page = await _browser.OpenAsync("/dashboard/settings?tab=sessions");
        await SignInAsync(page);
        await page.GetByLabel("Your password", new() { Exact = true }).FillAsync(Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Add one" }).ClickAsync();
        var secret = (await page.GetByLabel("The secret").TextContentAsync())!;
        var picture = page.GetByAltText("QR code for an authenticator app");
        Assert.True(await picture.EvaluateAsync<bool>("image => image.decode().then(() => image.naturalWidth > 0)"));
        await Browser.ScreenshotAsync(page, "second-factor", whole: true);
        Assert.Empty(await Axe.ComplaintsAsync(page));
        var totp = new Totp(Base32Encoding.ToBytes(secret));
        await page.GetByLabel("Code", new() { Exact = true }).FillAsync("000000");
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask for codes from now on" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("code is not right");
        await page.GetByLabel("Code", new() { Exact = true }).FillAsync(totp.ComputeTotp());
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask for codes from now on" }).ClickAsync();
        var recovery = (await page.GetByLabel("The recovery codes").TextContentAsync())!.Split('\n');
        Assert.Equal(10, recovery.Length);
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await Browser.ScreenshotAsync(page, "second-factor-codes", whole: true);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out Olga" }).ClickAsync();

        await SignInAsync(page);
        await page.GetByLabel("Code", new() { Exact = true }).FillAsync(recovery[3]);
        await Browser.ScreenshotAsync(page, "sign-in-code");
        Assert.Empty(await Axe.ComplaintsAsync(page));
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Olga" }).ClickAsync();
        await Expect(page.GetByText("9 recovery codes are left")).ToBeVisibleAsync();
        await page.GetByLabel("Code", new() { Exact = true }).FillAsync(recovery[4]);
        await page.GetByRole(AriaRole.Button, new() { Name = "Take it away" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Add one" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_provider_of_single_sign_on_is_offered_and_the_page_says_why_it_let_nobody_in()
    {
        using var made = await Product.Http.PostAsJsonAsync(
            new Uri(Product.Url, "/auth/first"), new { name = "Olga", email = "olga@example.com", password = Password }, Ct);
        await using var own = new Product(_browser.DatabaseUrl, ("BAYOU_OIDC_AUTHORITY", "https://accounts.example"), ("BAYOU_OIDC_CLIENT_ID", "bayou"),
            ("BAYOU_OIDC_CLIENT_SECRET", "secret"), ("Bayou__Sso__Name", "Example ID"));
        await own.StartAsync();
        var page = await _browser.OpenAsync("/dashboard");
        await page.GotoAsync(new Uri(own.Url, "/dashboard/logs?level=error").ToString());
        var link = page.GetByRole(AriaRole.Link, new() { Name = "Sign in with Example ID" });
        await Expect(link).ToHaveAttributeAsync("href", new Regex(@"^/auth/sso\?to=%2Fdashboard%2Flogs%3Flevel%3Derror"));
        await page.GotoAsync(new Uri(own.Url, "/login?refused=uninvited").ToString());
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Nobody has invited you yet");
        await Expect(link).ToHaveAttributeAsync("href", "/auth/sso?to=%2F");
        await Browser.ScreenshotAsync(page, "sign-in-sso");
        Assert.Empty(await Axe.ComplaintsAsync(page));
    }

    private static async Task SignInAsync(IPage page)
    {
        await page.GetByLabel("E-mail").FillAsync("olga@example.com");
        await page.GetByLabel("Password").FillAsync(Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }

    private async Task<HttpStatusCode> SendAsync(string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Product.Url, "/ingest/v1/requests"))
        {
            Content = JsonContent.Create(new[]
            {
                new { service = "shop", method = "GET", route = "/", status = 200, duration_ms = 5, time = DateTimeOffset.UtcNow },
            }),
        };
        if (key is not null)
        {
            request.Headers.Add("x-api-key", key);
        }

        using var response = await Product.Http.SendAsync(request, Ct);
        return response.StatusCode;
    }
}
