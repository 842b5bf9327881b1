using System.Net;
using System.Net.Http.Json;

namespace Bayou.Access;

/// <summary>What is changed at one node counts at another within its next look.</summary>
public sealed class AcrossNodesTests(People people) : IClassFixture<People>
{
    private static CancellationToken Ct => BayouServer.Ct;

    [Fact]
    public async Task Keys_projects_roles_and_tokens_end_at_every_node()
    {
        await using var other = await BayouServer.StartAsync(people.Database);
        var project = await people.ProjectAsync();
        var (_, id, key) = await people.KeyOfAsync(project, "read");
        var (_, _, kept) = await people.KeyOfAsync(project, "read");
        var (_, person, email) = await people.PersonAsync("viewer", project);
        using var login = await people.Nobody.PostAsJsonAsync("/auth/login", new { email, password = People.Password }, Ct);
        var token = (string)(await People.DataAsync(Task.FromResult(login)))["access_token"]!;
        foreach (var secret in (string[])[key, kept, token])
        {
            await StatusAsync(other, secret, HttpStatusCode.OK); // A token that one node has signed, another knows.
        }

        Assert.Equal(HttpStatusCode.NoContent, await People.StatusAsync(people.Owner.DeleteAsync(Of($"/projects/{project}/keys/{id}"), Ct)));
        await StatusAsync(other, key, HttpStatusCode.Unauthorized);
        await People.DataAsync(people.Owner.PutAsJsonAsync($"/projects/{project}/members/{person}", new { role = (string?)null }, Ct));
        await StatusAsync(other, token, HttpStatusCode.NotFound, project); // None of theirs any more.
        await People.DataAsync(people.Owner.PatchAsJsonAsync($"/api/v1/users/{person}?project={project}", new { disabled = true }, Ct));
        await StatusAsync(other, token, HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.NoContent, await People.StatusAsync(people.Owner.DeleteAsync(Of($"/projects/{project}"), Ct)));
        await StatusAsync(other, kept, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_project_that_one_node_has_made_is_there_at_another_at_once()
    {
        await using var other = await BayouServer.StartAsync(people.Database);
        using var owner = new HttpClient(new HttpClientHandler { UseCookies = false }) { BaseAddress = other.Http.BaseAddress };
        owner.DefaultRequestHeaders.Add("Cookie", people.Owner.DefaultRequestHeaders.GetValues("Cookie").Single());
        for (var n = 0; n < 3; n++)
        {
            await People.GetAsync(owner, $"/metrics/services?project={await people.ProjectAsync()}");
        }
    }

    private static Uri Of(string path) => new(path, UriKind.Relative);

    private static async Task StatusAsync(BayouServer server, string secret, HttpStatusCode expected, int? project = null)
    {
        using var http = new HttpClient { BaseAddress = server.Http.BaseAddress };
        http.DefaultRequestHeaders.Authorization = new("Bearer", secret);
        await Eventually.SeesAsync(
            () => People.StatusAsync(http.GetAsync(Of(project is null ? "/metrics/services" : $"/metrics/services?project={project}"), Ct)),
            status => status == expected);
    }
}
