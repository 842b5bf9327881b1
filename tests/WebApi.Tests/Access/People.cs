using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Bayou.Access;

/// <summary>A server with people, and callers of each kind.</summary>
public sealed class People : IAsyncLifetime
{
    public const string OwnerEmail = "Owner@example.com";
    public const string Password = "a long enough password";

    private TestDatabase _database = null!;

    public BayouServer Server { get; private set; } = null!;

    public TestDatabase Database => _database;

    /// <summary>Nobody: no cookie, no key.</summary>
    public HttpClient Nobody { get; private set; } = null!;

    public HttpClient Owner { get; private set; } = null!;

    private static CancellationToken Ct => BayouServer.Ct;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        Server = await BayouServer.StartAsync(_database);
        Nobody = New();
        Owner = New();
        using var first = await Owner.PostAsJsonAsync("/auth/first", new { name = "Olga", email = OwnerEmail, password = Password }, Ct);
        await UseCookieAsync(Owner, first);
    }

    public async ValueTask DisposeAsync()
    {
        Nobody.Dispose();
        Owner.Dispose();
        await Server.DisposeAsync();
        await _database.DisposeAsync();
    }

    /// <summary>A browser of its own, signed in by nobody yet.</summary>
    public HttpClient New() => new(new HttpClientHandler { UseCookies = false }) { BaseAddress = Server.Http.BaseAddress };

    /// <summary>Goes on with the cookie that an answer set.</summary>
    public static async Task UseCookieAsync(HttpClient http, HttpResponseMessage answer)
    {
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Ct));
        http.DefaultRequestHeaders.Remove("Cookie");
        http.DefaultRequestHeaders.Add("Cookie", Assert.Single(answer.Headers.GetValues("Set-Cookie")).Split(';')[0]);
    }

    /// <summary>Somebody who was invited to a role, and has chosen a password.</summary>
    public async Task<(HttpClient Http, int Id, string Email)> PersonAsync(string role, int project = 1)
    {
        var email = $"{role}-{Guid.NewGuid():N}@example.com";
        var invited = await DataAsync(Owner.PostAsJsonAsync($"/projects/{project}/members", new { email, role }, Ct), HttpStatusCode.Created);
        var http = New();
        using var chosen = await http.PostAsJsonAsync("/auth/password", new { token = TokenOf(invited), password = Password }, Ct);
        await UseCookieAsync(http, chosen);
        return (http, (int)invited["user_id"]!, email);
    }

    /// <summary>A program with a key.</summary>
    public Task<(HttpClient Http, int Id, string Key)> KeyAsync(params string[] scopes) => KeyOfAsync(1, scopes);

    public async Task<(HttpClient Http, int Id, string Key)> KeyOfAsync(int project, params string[] scopes)
    {
        var made = await DataAsync(Owner.PostAsJsonAsync($"/projects/{project}/keys", new { name = "a key", scopes }, Ct), HttpStatusCode.Created);
        return (With((string)made["key"]!), (int)made["id"]!, (string)made["key"]!);
    }

    /// <summary>Another project.</summary>
    public async Task<int> ProjectAsync(string? name = null) =>
        (int)(await DataAsync(Owner.PostAsJsonAsync("/projects", new { name = name ?? $"project {Guid.NewGuid():N}" }, Ct), HttpStatusCode.Created))["id"]!;

    public HttpClient With(string key)
    {
        var http = New();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return http;
    }

    public static string TokenOf(JsonNode invitation) => ((string)invitation["link"]!).Split('#')[1];

    public static async Task<JsonNode> DataAsync(Task<HttpResponseMessage> sent, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var response = await sent;
        var text = await response.Content.ReadAsStringAsync(Ct);
        Assert.True(response.StatusCode == expected, $"{response.StatusCode}: {text}");
        return JsonNode.Parse(text)!["data"]!;
    }

    public static async Task<JsonNode> GetAsync(HttpClient http, string path, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative), Ct);
        var text = await response.Content.ReadAsStringAsync(Ct);
        Assert.True(response.StatusCode == expected, $"{path}: {response.StatusCode}: {text}");
        return JsonNode.Parse(text)!;
    }

    public static async Task<HttpStatusCode> StatusAsync(Task<HttpResponseMessage> sent)
    {
        using var response = await sent;
        return response.StatusCode;
    }
}
