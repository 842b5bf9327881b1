using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using OtpNet;

namespace Bayou.Access;

public sealed class SecondFactorTests(People people) : IClassFixture<People>
{
    private static CancellationToken Ct => BayouServer.Ct;

    [Fact]
    public async Task A_code_is_asked_for_beside_the_password_and_none_works_twice()
    {
        var (http, _, email) = await people.PersonAsync("viewer");
        var totp = new Totp(Base32Encoding.ToBytes(await BeginAsync(http)));
        var (first, next) = (Code(totp, 0), Code(totp, 1)); // Drawn once: the half minute may end between any two calls.
        var confirmed = await People.DataAsync(http.PutAsJsonAsync("/auth/second-factor", new { code = first }, Ct));
        var recovery = confirmed["recovery_codes"]!.AsArray().Select(code => (string)code!).ToList();
        Assert.Equal(10, recovery.Count);
        Assert.Equal("missing", await LoginAsync(email, null));
        Assert.Equal("wrong", await LoginAsync(email, "000000"));
        Assert.Equal("wrong", await LoginAsync(email, first)); // It was confirmed with this one.
        Assert.Equal("in", await LoginAsync(email, next));
        Assert.Equal("wrong", await LoginAsync(email, next));
        Assert.Equal("in", await LoginAsync(email, recovery[0].ToUpperInvariant()));
        Assert.Equal("wrong", await LoginAsync(email, recovery[0]));
        Assert.Equal("in", await LoginAsync(email, recovery[1].Replace("-", " ", StringComparison.Ordinal)));
        Assert.Equal(8, (int)(await People.GetAsync(http, "/auth/second-factor"))["data"]!["recovery_codes"]!);

        // A wrong password says nothing of codes.
        Assert.Equal("refused", await LoginAsync(email, recovery[2], "not the password, no"));
        Assert.Equal("refused", await LoginAsync(email, null, "not the password, no"));
    }

    [Fact]
    public async Task It_is_begun_by_the_password_confirmed_by_a_code_and_removed_by_one()
    {
        var (http, _, email) = await people.PersonAsync("viewer");
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(http, "POST", "", new { current = "not the password, no" }));
        await BeginAsync(http);
        Assert.Equal("in", await LoginAsync(email, null)); // Not confirmed, not asked for.
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(http, "PUT", "", new { code = "123" }));
        var (totp, _) = await AddAsync(http);
        Assert.Equal(HttpStatusCode.Conflict, await StatusAsync(http, "POST", "", new { current = People.Password }));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(http, "POST", "/remove", new { code = "123456" }));
        Assert.Equal(HttpStatusCode.NoContent, await StatusAsync(http, "POST", "/remove", new { code = Code(totp, 1) }));
        Assert.Equal("in", await LoginAsync(email, null));
        var told = await People.GetAsync(people.Owner, "/audit?action__startswith=second_factor&limit=2");
        Assert.Equal(["second_factor.remove", "second_factor.add"], told["data"]!.AsArray().Select(row => (string)row!["action"]!));
    }

    [Fact]
    public async Task A_link_needs_the_code_too_until_an_admin_takes_it_away()
    {
        var (http, id, email) = await people.PersonAsync("viewer");
        var (totp, _) = await AddAsync(http);
        var link = await People.DataAsync(people.Owner.PostAsync(new Uri($"/api/v1/users/{id}/link", UriKind.Relative), null, Ct), HttpStatusCode.Created);
        var token = People.TokenOf(link);
        foreach (var (code, expected) in new[] { (null, "missing"), ("1", "wrong"), (Code(totp, 1), "in") })
        {
            Assert.Equal(expected, await OfAsync(people.Nobody.PostAsJsonAsync("/auth/password", new { token, password = "another long password", code }, Ct)));
        }

        Assert.True((bool)(await People.GetAsync(people.Owner, $"/api/v1/users/{id}"))["data"]!["has_second_factor"]!);
        Assert.Equal(HttpStatusCode.BadRequest,
            await People.StatusAsync(people.Owner.PatchAsJsonAsync($"/api/v1/users/{id}", new { has_second_factor = true }, Ct)));
        var (admin, self, _) = await people.PersonAsync("admin");
        await AddAsync(admin);
        foreach (var way in (Task<HttpResponseMessage>[])
        [
            admin.PatchAsJsonAsync($"/api/v1/users/{self}", new { has_second_factor = false }, Ct), // A stolen session does not do without the code.
            admin.PostAsync(new Uri($"/api/v1/users/{self}/link", UriKind.Relative), null, Ct),
            (await people.KeyAsync("admin", "read")).Http.PatchAsJsonAsync($"/api/v1/users/{id}", new { has_second_factor = false }, Ct),
        ])
        {
            Assert.Equal(HttpStatusCode.Forbidden, await People.StatusAsync(way));
        }

        await People.DataAsync(people.Owner.PatchAsJsonAsync($"/api/v1/users/{id}", new { has_second_factor = false }, Ct));
        Assert.Equal("in", await LoginAsync(email, null, "another long password"));
    }

    [Fact]
    public async Task Codes_are_tried_ten_times_in_a_quarter_of_an_hour()
    {
        var (http, _, email) = await people.PersonAsync("viewer");
        await AddAsync(http);
        var said = new List<string>();
        for (var n = 0; n < 24; n++) // Whenever the quarter ends, there are twelve on one side of it.
        {
            said.Add(await LoginAsync(email, "000000"));
            await ForgetPasswordsAsync();
        }

        Assert.Contains("later", said);
    }

    [Fact]
    public async Task Secrets_and_recovery_codes_cannot_be_read_in_the_database()
    {
        var (http, id, _) = await people.PersonAsync("viewer");
        var (secret, recovery) = (await BeginAsync(http), (await AddAsync(http)).Recovery);
        await using var command = people.Server.Db.CreateCommand(
            $"SELECT (SELECT secret FROM second_factors WHERE user_id = {id}) || (SELECT string_agg(encode(hash, 'escape'), ' ') FROM recovery_codes)");
        var stored = (string)(await command.ExecuteScalarAsync(Ct))!;
        Assert.DoesNotContain(secret, stored, StringComparison.OrdinalIgnoreCase);
        Assert.All(recovery, code => Assert.DoesNotContain(code, stored, StringComparison.OrdinalIgnoreCase));
    }

    private static async Task<string> BeginAsync(HttpClient http) =>
        (string)(await People.DataAsync(http.PostAsJsonAsync("/auth/second-factor", new { current = People.Password }, Ct)))["secret"]!;

    private static async Task<(Totp Totp, List<string> Recovery)> AddAsync(HttpClient http)
    {
        var totp = new Totp(Base32Encoding.ToBytes(await BeginAsync(http)));
        var confirmed = await People.DataAsync(http.PutAsJsonAsync("/auth/second-factor", new { code = Code(totp, 0) }, Ct));
        return (totp, [.. confirmed["recovery_codes"]!.AsArray().Select(code => (string)code!)]);
    }

    /// <summary>Of so many half minutes from now; the next one is good already.</summary>
    private static string Code(Totp totp, int ahead) => totp.ComputeTotp(DateTime.UtcNow.AddSeconds(30 * ahead));

    private async Task<string> LoginAsync(string email, string? code, string password = People.Password) =>
        await OfAsync(people.Nobody.PostAsJsonAsync("/auth/login", new { email, password, code }, Ct));

    private static async Task<string> OfAsync(Task<HttpResponseMessage> sent)
    {
        using var response = await sent;
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync(Ct))!["error"];
        return (response.StatusCode, (string?)error?["code"]) switch
        {
            (HttpStatusCode.OK, _) => "in",
            (HttpStatusCode.Unauthorized, "SECOND_FACTOR") => ((string)error!["details"]![0]!["message"]!).StartsWith("is missing", StringComparison.Ordinal)
                ? "missing" : "wrong",
            (HttpStatusCode.Unauthorized, "UNAUTHENTICATED") => "refused",
            (HttpStatusCode.TooManyRequests, _) => "later",
            _ => $"{response.StatusCode} {error?.ToJsonString()}",
        };
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient http, string method, string path, object body)
    {
        using var request = new HttpRequestMessage(new(method), $"/auth/second-factor{path}") { Content = JsonContent.Create(body) };
        return await People.StatusAsync(http.SendAsync(request, Ct));
    }

    /// <summary>So that the limit of passwords is not what is met.</summary>
    private async Task ForgetPasswordsAsync()
    {
        await using var command = people.Server.Db.CreateCommand(
            "DELETE FROM sign_in_attempts WHERE subject NOT IN (SELECT sha256(convert_to('codes of ' || id, 'UTF8')) FROM users)");
        await command.ExecuteNonQueryAsync(Ct);
    }
}
