using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Bayou.Hosting;
using Microsoft.Extensions.Configuration;

namespace Bayou.Access;

/// <summary>People sign in, and out, and choose passwords.</summary>
public sealed class SignInTests(People people) : IClassFixture<People>
{
    private static readonly Uri Me = new("/auth/me", UriKind.Relative);
    private static readonly Uri Sessions = new("/auth/sessions", UriKind.Relative);

    private static CancellationToken Ct => BayouServer.Ct;

    [Fact]
    public async Task Until_there_is_an_administrator_everything_is_open_and_then_nothing_is()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await BayouServer.StartAsync(database);
        using var nobody = new HttpClient(new HttpClientHandler { UseCookies = false }) { BaseAddress = server.Http.BaseAddress };
        var open = await People.DataAsync(nobody.GetAsync(Me, Ct));
        Assert.Equal(("open", false), ((string?)open["kind"], (bool)open["has_people"]!));
        Assert.Equal(HttpStatusCode.OK, await People.StatusAsync(nobody.GetAsync(new Uri("/info", UriKind.Relative), Ct)));

        // Nobody makes a way to manage it before there is somebody who manages it.
        Assert.Equal(HttpStatusCode.Conflict, await People.StatusAsync(
            nobody.PostAsJsonAsync("/projects/1/members", new { email = "m@example.com", role = "owner" }, Ct)));
        Assert.Equal(HttpStatusCode.Conflict, await People.StatusAsync(
            nobody.PostAsJsonAsync("/projects/1/keys", new { name = "k", scopes = new[] { "admin" } }, Ct)));

        // Wrong fields are named, all at once, and nothing is made.
        using var refused = await nobody.PostAsJsonAsync("/auth/first", new { name = " ", email = "nobody", password = "short" }, Ct);
        Assert.Equal(["name", "email", "password"], (await BodyAsync(refused))["error"]!["details"]!.AsArray().Select(detail => (string)detail!["field"]!));

        using var made = await nobody.PostAsJsonAsync("/auth/first", new { name = "Olga", email = "olga@example.com", password = People.Password }, Ct);
        var me = (await BodyAsync(made))["data"]!;
        Assert.Equal(("person", "owner", "Olga"), ((string?)me["kind"], (string?)me["role"], (string?)me["name"]));
        Assert.Equal(HttpStatusCode.Unauthorized, await People.StatusAsync(nobody.GetAsync(new Uri("/info", UriKind.Relative), Ct)));
        Assert.Equal(HttpStatusCode.Conflict,
            await People.StatusAsync(nobody.PostAsJsonAsync("/auth/first", new { name = "M", email = "m@example.com", password = People.Password }, Ct)));
    }

    [Fact]
    public async Task An_unknown_email_and_a_wrong_password_get_the_same_answer_at_the_same_cost()
    {
        var passwords = people.Server.Get<Passwords>();
        var (_, _, email) = await people.PersonAsync("viewer");
        var answers = new List<(HttpStatusCode, string?, long)>();
        foreach (var (who, password) in new[]
        {
            (email, "another long password"), ($"no-{email}", People.Password), (email.ToUpperInvariant(), People.Password),
        })
        {
            var before = passwords.Hashed;
            using var response = await people.Nobody.PostAsJsonAsync("/auth/login", new { email = who, password }, Ct);
            answers.Add((response.StatusCode, (string?)(await BodyAsync(response))["error"]?["message"], passwords.Hashed - before));
        }

        Assert.Equal(answers[0], answers[1]);
        Assert.Equal(HttpStatusCode.Unauthorized, answers[0].Item1);
        Assert.Equal((HttpStatusCode.OK, null, 1), answers[2]); // An e-mail is the same in any case.
    }

    [Fact]
    public async Task Who_guesses_has_to_wait_and_others_need_not()
    {
        var (_, id, email) = await people.PersonAsync("viewer");
        var (_, _, other) = await people.PersonAsync("viewer");
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 11; i++)
        {
            statuses.Add(await LoginAsync(email, $"guess number {i} of many"));
        }

        // At the turn of a quarter of an hour the count begins anew.
        Assert.Contains(HttpStatusCode.TooManyRequests, statuses.Append(await LoginAsync(email, People.Password)));
        Assert.Equal(HttpStatusCode.OK, await LoginAsync(other, People.Password));

        // Whoever is given a link has not to wait.
        var link = await People.DataAsync(people.Owner.PostAsync(new Uri($"/api/v1/users/{id}/link", UriKind.Relative), null, Ct), HttpStatusCode.Created);
        Assert.Equal(HttpStatusCode.OK, await People.StatusAsync(
            people.Nobody.PostAsJsonAsync("/auth/password", new { token = People.TokenOf(link), password = "a new long password" }, Ct)));
        Assert.Equal(HttpStatusCode.OK, await LoginAsync(email, "a new long password"));
    }

    [Fact]
    public async Task A_session_is_listed_ended_from_another_and_gone_after_signing_out()
    {
        var (first, _, email) = await people.PersonAsync("editor");
        var second = people.New();
        second.DefaultRequestHeaders.UserAgent.ParseAdd("Second/1.0");
        using var signedIn = await second.PostAsJsonAsync("/auth/login", new { email, password = People.Password }, Ct);
        await People.UseCookieAsync(second, signedIn);
        var listed = (await People.DataAsync(first.GetAsync(Sessions, Ct))).AsArray();
        Assert.Equal(2, listed.Count);
        var theirs = Assert.Single(listed, session => (string)session!["device"]! == "Second/1.0")!;
        Assert.False((bool)theirs["is_this"]!);

        Assert.Equal(HttpStatusCode.NoContent, await People.StatusAsync(first.DeleteAsync(new Uri($"/auth/sessions/{theirs["id"]}", UriKind.Relative), Ct)));
        Assert.Equal(HttpStatusCode.Unauthorized, await People.StatusAsync(second.GetAsync(Sessions, Ct)));
        Assert.Equal(HttpStatusCode.NotFound, await People.StatusAsync(first.DeleteAsync(new Uri($"/auth/sessions/{theirs["id"]}", UriKind.Relative), Ct)));

        using var ended = await first.PostAsync(new Uri("/auth/logout", UriKind.Relative), null, Ct);
        Assert.Contains("expires=Thu, 01 Jan 1970", Assert.Single(ended.Headers.GetValues("Set-Cookie")), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.Unauthorized, await People.StatusAsync(first.GetAsync(Sessions, Ct))); // though it still shows the cookie
    }

    [Fact]
    public async Task A_sessions_cookie_is_new_each_time_and_for_this_server_alone()
    {
        var (_, _, email) = await people.PersonAsync("viewer");
        var values = new HashSet<string>();
        for (var i = 0; i < 2; i++)
        {
            // Whatever cookie somebody had put into the browser before is of no account.
            using var request = new HttpRequestMessage(HttpMethod.Post, "/auth/login")
            {
                Content = JsonContent.Create(new { email, password = People.Password }),
            };
            request.Headers.Add("Cookie", "bayou_session=chosen-by-another");
            using var response = await people.Nobody.SendAsync(request, Ct);
            var cookie = Assert.Single(response.Headers.GetValues("Set-Cookie")).ToUpperInvariant();
            Assert.All(["HTTPONLY", "SAMESITE=STRICT", "PATH=/"], flag => Assert.Contains(flag, cookie, StringComparison.Ordinal));
            Assert.DoesNotContain("DOMAIN", cookie, StringComparison.Ordinal);
            Assert.DoesNotContain("CHOSEN-BY-ANOTHER", cookie, StringComparison.Ordinal);
            Assert.True(values.Add(cookie.Split(';')[0]));
        }
    }

    [Theory]
    [InlineData("UPDATE sessions SET last_used_at = now() - interval '31 days' WHERE user_id = $1")]
    [InlineData("UPDATE sessions SET created_at = now() - interval '91 days' WHERE user_id = $1")]
    public async Task A_session_ends_when_it_was_not_used_for_long_or_is_very_old(string sql)
    {
        var (http, id, _) = await people.PersonAsync("viewer");
        await ExecuteAsync(sql, id);
        await ExecuteAsync("UPDATE access_revision SET revision = revision + sign($1)::int", id); // What is remembered is forgotten.
        await Eventually.SeesAsync(() => People.StatusAsync(http.GetAsync(Sessions, Ct)), status => status == HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_link_is_good_for_three_days()
    {
        var invited = await People.DataAsync(
            people.Owner.PostAsJsonAsync("/projects/1/members", new { email = $"late-{Guid.NewGuid():N}@example.com", role = "viewer" }, Ct),
            HttpStatusCode.Created);
        Assert.InRange((DateTimeOffset)invited["expires_at"]!, DateTimeOffset.UtcNow.AddDays(2.9), DateTimeOffset.UtcNow.AddDays(3.1));
        await ExecuteAsync("UPDATE sign_in_links SET expires_at = now() WHERE user_id = $1", (int)invited["user_id"]!);
        var token = People.TokenOf(invited);
        Assert.Equal(HttpStatusCode.Gone, await People.StatusAsync(people.Nobody.PostAsJsonAsync("/auth/link", new { token }, Ct)));
        Assert.Equal(HttpStatusCode.Gone,
            await People.StatusAsync(people.Nobody.PostAsJsonAsync("/auth/password", new { token, password = People.Password }, Ct)));
    }

    [Fact]
    public async Task Nobody_ends_the_session_of_another()
    {
        var (first, _, _) = await people.PersonAsync("viewer");
        var (second, _, _) = await people.PersonAsync("viewer");
        var id = (await People.DataAsync(second.GetAsync(Sessions, Ct)))[0]!["id"];
        Assert.Equal(HttpStatusCode.NotFound, await People.StatusAsync(first.DeleteAsync(new Uri($"/auth/sessions/{id}", UriKind.Relative), Ct)));
        Assert.Equal(HttpStatusCode.OK, await People.StatusAsync(second.GetAsync(Sessions, Ct)));
    }

    [Fact]
    public async Task A_link_is_for_one_person_once()
    {
        var email = $"invited-{Guid.NewGuid():N}@example.com";
        var invited = await People.DataAsync(people.Owner.PostAsJsonAsync("/projects/1/members", new { email, role = "editor" }, Ct), HttpStatusCode.Created);
        var token = People.TokenOf(invited);
        Assert.Equal(email, (string?)(await People.DataAsync(people.Nobody.PostAsJsonAsync("/auth/link", new { token }, Ct)))["email"]);
        Assert.Equal(HttpStatusCode.BadRequest, await ChooseAsync(token, "password1234")); // It is not used up by a password that is refused.
        Assert.Equal(HttpStatusCode.OK, await ChooseAsync(token, People.Password));
        Assert.Equal(HttpStatusCode.Gone, await ChooseAsync(token, People.Password));
        Assert.Equal(HttpStatusCode.Gone, await ChooseAsync("never made", People.Password));
        Assert.Equal(HttpStatusCode.OK, await LoginAsync(email, People.Password));
        Assert.Equal(HttpStatusCode.Conflict,
            await People.StatusAsync(people.Owner.PostAsJsonAsync("/projects/1/members", new { email = email.ToUpperInvariant(), role = "viewer" }, Ct)));

        Task<HttpStatusCode> ChooseAsync(string link, string password) =>
            People.StatusAsync(people.Nobody.PostAsJsonAsync("/auth/password", new { token = link, password }, Ct));
    }

    [Fact]
    public async Task A_new_password_ends_all_other_sessions_and_needs_the_present_one()
    {
        var (first, _, email) = await people.PersonAsync("viewer");
        var second = people.New();
        using (var signedIn = await second.PostAsJsonAsync("/auth/login", new { email, password = People.Password }, Ct))
        {
            await People.UseCookieAsync(second, signedIn);
        }

        Assert.Equal(HttpStatusCode.BadRequest,
            await People.StatusAsync(first.PostAsJsonAsync("/auth/password", new { current = "not the present one", password = "another long password" }, Ct)));
        using var changed = await first.PostAsJsonAsync("/auth/password", new { current = People.Password, password = "another long password" }, Ct);
        await People.UseCookieAsync(first, changed);
        Assert.Equal(HttpStatusCode.OK, await People.StatusAsync(first.GetAsync(Sessions, Ct)));
        Assert.Equal(HttpStatusCode.Unauthorized, await People.StatusAsync(second.GetAsync(Sessions, Ct)));
        Assert.Equal(HttpStatusCode.Unauthorized, await LoginAsync(email, People.Password));
        Assert.Equal(HttpStatusCode.OK, await LoginAsync(email, "another long password"));
    }

    [Fact]
    public async Task Another_node_knows_within_a_moment_what_was_changed_at_this_one()
    {
        await using var other = await BayouServer.StartAsync(people.Database);
        var (http, id, key) = await people.KeyAsync("read");
        using var there = new HttpClient { BaseAddress = other.Http.BaseAddress };
        there.DefaultRequestHeaders.Add("x-api-key", key);
        Assert.Equal(HttpStatusCode.OK, await People.StatusAsync(there.GetAsync(new Uri("/info", UriKind.Relative), Ct)));
        await people.Owner.DeleteAsync(new Uri($"/projects/1/keys/{id}", UriKind.Relative), Ct);
        Assert.Equal(HttpStatusCode.Unauthorized, await People.StatusAsync(http.GetAsync(new Uri("/info", UriKind.Relative), Ct)));
        await Eventually.SeesAsync(
            () => People.StatusAsync(there.GetAsync(new Uri("/info", UriKind.Relative), Ct)), status => status == HttpStatusCode.Unauthorized,
            TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Settings_make_the_first_owner_and_leave_them_alone_later()
    {
        await using var database = await TestDatabase.CreateAsync();
        for (var start = 0; start < 2; start++)
        {
            await using var server = await BayouServer.StartAsync(database, (FirstOwner.EmailKey, "ops@example.com"),
                (FirstOwner.PasswordKey, start == 0 ? People.Password : "a later long password"));
            using var response = await server.Http.PostAsJsonAsync("/auth/login", new { email = "ops@example.com", password = People.Password }, Ct);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        // One who was deleted is not brought back by a start.
        await using (var db = Npgsql.NpgsqlDataSource.Create(database.Url))
        {
            await using var gone = db.CreateCommand("UPDATE users SET deleted_at = now()");
            await gone.ExecuteNonQueryAsync(Ct);
        }

        await using (var again = await BayouServer.StartAsync(database, (FirstOwner.EmailKey, "ops@example.com"), (FirstOwner.PasswordKey, People.Password)))
        {
            using var refused = await again.Http.PostAsJsonAsync("/auth/login", new { email = "ops@example.com", password = People.Password }, Ct);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        var error = await Assert.ThrowsAsync<CannotStartException>(() => BayouServer.StartAsync(database, (FirstOwner.EmailKey, "ops@example.com")));
        Assert.Contains(FirstOwner.PasswordKey, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_network_can_reach_it_Bayou_does_not_start_without_people_or_a_token()
    {
        await using var database = await TestDatabase.CreateAsync();
        var reachable = ("urls", "http://0.0.0.0:0");
        var error = await Assert.ThrowsAsync<CannotStartException>(() => BayouServer.StartAsync(database, reachable));
        Assert.All([AccessToken.Key, FirstOwner.EmailKey, "./bayou admin"], way => Assert.Contains(way, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_link_from_the_command_line_lets_an_owner_in()
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var settings = new Dictionary<string, string?> { ["BAYOU_DATABASE_URL"] = people.Database.Url, ["Bayou:Database:AllowUnsafe"] = "true" };
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        Assert.Equal(2, await RunAsync("admin", "nobody"));
        Assert.Equal(0, await RunAsync("admin", "rescue@example.com"));
        var token = output.ToString().Split('\n')[0].Trim().Split("/login/link#")[1];
        var rescued = people.New();
        using var chosen = await rescued.PostAsJsonAsync("/auth/password", new { token, password = People.Password }, Ct);
        await People.UseCookieAsync(rescued, chosen);
        Assert.Equal("owner", (string?)(await People.DataAsync(rescued.GetAsync(Me, Ct)))["role"]);
        Assert.Equal(0, await RunAsync("audit", "verify"));
        Assert.Contains("whole", output.ToString(), StringComparison.Ordinal);

        Task<int> RunAsync(params string[] arguments) => AccessCommands.RunAsync(arguments, configuration, output, errors, Ct);
    }

    private async Task ExecuteAsync(string sql, int person)
    {
        await using var command = people.Server.Db.CreateCommand(sql);
        command.Parameters.Add(new() { Value = person });
        Assert.NotEqual(0, await command.ExecuteNonQueryAsync(Ct));
    }

    private Task<HttpStatusCode> LoginAsync(string email, string password) =>
        People.StatusAsync(people.Nobody.PostAsJsonAsync("/auth/login", new { email, password }, Ct));

    private static async Task<JsonNode> BodyAsync(HttpResponseMessage response) => JsonNode.Parse(await response.Content.ReadAsStringAsync(Ct))!;
}
