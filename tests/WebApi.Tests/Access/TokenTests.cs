using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.DataProtection;

namespace Bayou.Access;

/// <summary>Tokens of API clients: what they open, for how long, and what they do not.</summary>
public sealed class TokenTests(People people) : IClassFixture<People>
{
    private static CancellationToken Ct => BayouServer.Ct;

    [Fact]
    public async Task Signing_in_gives_tokens_to_what_is_no_page_and_each_refresh_token_works_once()
    {
        var (_, _, email) = await people.PersonAsync("viewer");
        var first = await LoginAsync(email);
        Assert.Equal(("Bearer", 900), ((string)first["token_type"]!, (int)first["expires_in"]!));
        using var http = WithJwt(first);
        Assert.Equal("viewer", (string)(await People.GetAsync(http, "/auth/me"))["data"]!["role"]!);
        await People.GetAsync(http, "/logs");
        var second = await RefreshAsync(first, HttpStatusCode.OK);
        var third = await RefreshAsync(second!, HttpStatusCode.OK);
        await People.GetAsync(WithJwt(third!), "/logs");

        // Whoever uses one a second time ends all of it.
        await RefreshAsync(second!, HttpStatusCode.Unauthorized);
        await RefreshAsync(third!, HttpStatusCode.Unauthorized);
        await People.GetAsync(http, "/logs", HttpStatusCode.Unauthorized);
        await People.GetAsync(WithJwt(third!), "/logs", HttpStatusCode.Unauthorized);
        var told = (await People.GetAsync(people.Owner, "/audit?action=session.end&limit=1"))["data"]![0]!;
        Assert.Contains("second time", told["after"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_gets_no_token_that_its_scripts_could_read()
    {
        var (_, _, email) = await people.PersonAsync("viewer");
        var here = people.Server.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);
        foreach (var (name, value) in new[] { ("Sec-Fetch-Site", "same-origin"), ("Origin", here) })
        {
            using var page = people.New();
            page.DefaultRequestHeaders.Add(name, value);
            var signed = await People.DataAsync(page.PostAsJsonAsync("/auth/login", new { email, password = People.Password }, Ct));
            Assert.Null(signed["access_token"]);
            Assert.Null(signed["refresh_token"]);
        }
    }

    [Fact]
    public async Task A_token_ends_with_its_session_and_has_no_more_than_its_person_has_now()
    {
        var (_, id, email) = await people.PersonAsync("admin");
        using var http = WithJwt(await LoginAsync(email));
        await People.GetAsync(http, "/audit");
        await People.DataAsync(people.Owner.PutAsJsonAsync($"/projects/1/members/{id}", new { role = "viewer" }, Ct));
        await People.GetAsync(http, "/audit", HttpStatusCode.Forbidden);
        await People.GetAsync(http, "/logs");
        await People.DataAsync(http.PostAsync(new Uri("/auth/logout", UriKind.Relative), null, Ct));
        await People.GetAsync(http, "/logs", HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_token_that_was_changed_or_made_elsewhere_opens_nothing()
    {
        var (_, _, email) = await people.PersonAsync("viewer");
        var token = (string)(await LoginAsync(email))["access_token"]!;
        var (head, claims, signature) = (token.Split('.')[0], token.Split('.')[1], token.Split('.')[2]);
        var header = JsonNode.Parse(Decode(head))!;
        var kid = (string)header["kid"]!;
        Assert.Equal("HS256", (string)header["alg"]!);
        var body = JsonNode.Parse(Decode(claims))!;
        var owner = Changed(body, "sid", $"{int.Parse((string)body["sid"]!, null) - 1}");
        var later = Changed(body, "exp", (long)body["exp"]! + 3600);
        var ofOthers = Encode($"{{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"{Guid.NewGuid()}\"}}");
        string[] wrong =
        [
            $"{head}.{owner}.{signature}",
            $"{head}.{later}.{signature}",
            $"{Encode($"{{\"alg\":\"none\",\"typ\":\"JWT\",\"kid\":\"{kid}\"}}")}.{claims}.",
            $"{Encode($"{{\"alg\":\"none\",\"typ\":\"JWT\"}}")}.{claims}.",
            $"{Encode($"{{\"alg\":\"HS384\",\"typ\":\"JWT\",\"kid\":\"{kid}\"}}")}.{claims}.{signature}",
            Signed(Encode($"{{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"{kid}\"}}"), claims, Encoding.UTF8.GetBytes(kid)),
            Signed(Encode($"{{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"{kid}\"}}"), claims, []),
            Signed(ofOthers, claims, RandomNumberGenerator.GetBytes(32)),
            $"{head}.{claims}.", $"{head}.{claims}", "eyJ", "eyJ..",
            "eyJabc.def.ghi", "eyJ9.e30.AA", "eyJhbGciOiJIUzI1NiJ9.e30.x", $"eyJ{new string('a', 20_000)}",
        ];
        foreach (var one in wrong)
        {
            using var http = people.With(one);
            await People.GetAsync(http, "/logs", HttpStatusCode.Unauthorized);
        }
    }

    [Fact]
    public async Task A_token_expires_after_a_quarter_of_an_hour()
    {
        var (_, id, email) = await people.PersonAsync("viewer");
        var sid = JsonNode.Parse(Decode(((string)(await LoginAsync(email))["access_token"]!).Split('.')[1]))!["sid"]!;
        var time = new ManualTime();
        time.Jump(DateTimeOffset.UtcNow.AddMinutes(-14) - time.GetUtcNow());
        var keys = new SigningKeys(people.Server.Db, people.Server.Get<IDataProtectionProvider>(), time,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<SigningKeys>.Instance);
        var made = await new AccessJwt(keys, time).MakeAsync(id, long.Parse((string)sid!, null), Ct);
        using var http = people.With(made);
        await People.GetAsync(http, "/logs");
        var jwt = new AccessJwt(keys, time);
        time.Jump(TimeSpan.FromMinutes(14.9));
        Assert.NotNull(await jwt.SessionAsync(made, Ct));
        time.Jump(TimeSpan.FromMinutes(0.2));
        Assert.Null(await jwt.SessionAsync(made, Ct));
    }

    [Fact]
    public async Task Signing_keys_are_encrypted_shared_and_change()
    {
        await using var database = await TestDatabase.CreateAsync();
        var secret = (SecretKey.Name, new string('k', 40));
        await using var one = await BayouServer.StartAsync(database, secret);
        await using var two = await BayouServer.StartAsync(database, secret);
        var made = await one.Get<AccessJwt>().MakeAsync(1, 7, Ct);
        Assert.Equal(7, await two.Get<AccessJwt>().SessionAsync(made, Ct));
        var xml = await ReadAsync(one, "SELECT string_agg(xml, '') FROM protection_keys");
        Assert.DoesNotContain("<value>", xml, StringComparison.Ordinal);
        Assert.Contains("<encrypted", xml, StringComparison.Ordinal);

        // With another secret key nothing of them can be read: new ones sign, and old tokens are void.
        await using var other = await BayouServer.StartAsync(database, (SecretKey.Name, new string('o', 40)));
        Assert.Null(await other.Get<AccessJwt>().SessionAsync(made, Ct));
        Assert.Equal(7, await other.Get<AccessJwt>().SessionAsync(await other.Get<AccessJwt>().MakeAsync(1, 7, Ct), Ct));

        await ReadAsync(one, "UPDATE signing_keys SET created_at = now() - interval '30 days 1 hour' RETURNING ''");
        await using var next = await BayouServer.StartAsync(database, secret);
        Assert.Equal(7, await next.Get<AccessJwt>().SessionAsync(made, Ct)); // It still proves what it signed.
        Assert.NotEqual(KidOf(made), KidOf(await next.Get<AccessJwt>().MakeAsync(1, 7, Ct)));
    }

    [Fact]
    public async Task Keys_that_were_made_without_a_secret_key_are_encrypted_once_there_is_one()
    {
        await using var database = await TestDatabase.CreateAsync();
        string made;
        await using (var open = await BayouServer.StartAsync(database))
        {
            made = await open.Get<AccessJwt>().MakeAsync(1, 7, Ct);
            Assert.Contains("<value>", await ReadAsync(open, "SELECT string_agg(xml, '') FROM protection_keys"), StringComparison.Ordinal);
        }

        await using var closed = await BayouServer.StartAsync(database, (SecretKey.Name, new string('k', 40)));
        Assert.Equal(7, await closed.Get<AccessJwt>().SessionAsync(made, Ct));
        Assert.DoesNotContain("<value>", await ReadAsync(closed, "SELECT string_agg(xml, '') FROM protection_keys"), StringComparison.Ordinal);
        await using var again = await BayouServer.StartAsync(database, (SecretKey.Name, new string('k', 40)));
        Assert.Equal(7, await again.Get<AccessJwt>().SessionAsync(made, Ct));
    }

    [Fact]
    public async Task Many_at_once_after_a_start_are_all_let_in()
    {
        await using var database = await TestDatabase.CreateAsync();
        string made;
        await using (var first = await BayouServer.StartAsync(database))
        {
            made = await first.Get<AccessJwt>().MakeAsync(1, 7, Ct);
        }

        await using var next = await BayouServer.StartAsync(database);
        var jwt = next.Get<AccessJwt>();
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => Task.Run(async () => await jwt.SessionAsync(made, Ct)))),
            session => Assert.Equal(7, session));
    }

    [Fact]
    public async Task Signing_out_with_a_token_that_is_none_says_so()
    {
        using var http = people.With("eyJhbGciOiJIUzI1NiJ9.e30.x");
        Assert.Equal(HttpStatusCode.Unauthorized, await People.StatusAsync(http.PostAsync(new Uri("/auth/logout", UriKind.Relative), null, Ct)));
    }

    [Fact]
    public async Task A_secret_key_that_is_too_short_is_named()
    {
        await using var database = await TestDatabase.CreateAsync();
        var e = await Assert.ThrowsAsync<Hosting.CannotStartException>(() => BayouServer.StartAsync(database, (SecretKey.Name, "short")));
        Assert.Contains(SecretKey.Name, e.Message, StringComparison.Ordinal);
    }

    private async Task<JsonNode> LoginAsync(string email)
    {
        using var http = people.New();
        return await People.DataAsync(http.PostAsJsonAsync("/auth/login", new { email, password = People.Password }, Ct));
    }

    private async Task<JsonNode?> RefreshAsync(JsonNode tokens, HttpStatusCode expected)
    {
        using var http = people.New();
        return await People.DataAsync(http.PostAsJsonAsync("/auth/refresh", new { refresh_token = (string)tokens["refresh_token"]! }, Ct), expected);
    }

    private HttpClient WithJwt(JsonNode tokens)
    {
        var http = people.New();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (string)tokens["access_token"]!);
        return http;
    }

    private static string KidOf(string token) => (string)JsonNode.Parse(Decode(token.Split('.')[0]))!["kid"]!;

    private static string Changed(JsonNode claims, string name, JsonNode value)
    {
        var changed = claims.DeepClone();
        changed[name] = value;
        return Encode(changed.ToJsonString());
    }

    private static string Signed(string head, string claims, byte[] key)
    {
        var signature = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{head}.{claims}"));
        return $"{head}.{claims}.{Base64UrlTextEncoder.Encode(signature)}";
    }

    private static string Encode(string text) => Base64UrlTextEncoder.Encode(Encoding.UTF8.GetBytes(text));

    private static string Decode(string text) => Encoding.UTF8.GetString(Base64UrlTextEncoder.Decode(text));

    private static async Task<string> ReadAsync(BayouServer server, string sql)
    {
        await using var command = server.Db.CreateCommand(sql);
        return (string)(await command.ExecuteScalarAsync(Ct))!;
    }
}
