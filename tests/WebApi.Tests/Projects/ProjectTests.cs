using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Bayou.Access;
using Bayou.Logs;
using Bayou.Requests;
using Orleans;

namespace Bayou.Projects;

public sealed class ProjectTests(People people) : IClassFixture<People>
{
    private static CancellationToken Ct => BayouServer.Ct;

    [Fact]
    public async Task A_project_is_made_renamed_deleted_and_restored_with_all_it_had()
    {
        var name = $"Küche {Guid.NewGuid():N}";
        var id = await people.ProjectAsync(name);
        Assert.Equal(HttpStatusCode.Conflict, await MakeAsync(name.ToUpperInvariant()));
        Assert.Equal(name, (string)(await People.GetAsync(people.Owner, $"/projects/{id}"))["data"]!["name"]!);
        var (key, _, _) = await people.KeyOfAsync(id, "ingest", "read");
        await LineAsync(key);
        await People.DataAsync(people.Owner.PatchAsJsonAsync($"/projects/{id}", new { name = name + "2" }, Ct));
        Assert.Equal(id, (int)(await People.GetAsync(people.Owner, $"/auth/me?project={Uri.EscapeDataString(name)}2"))["data"]!["project"]!["id"]!);

        Assert.Equal(HttpStatusCode.NoContent, await People.StatusAsync(people.Owner.DeleteAsync(Of(id), Ct)));
        Assert.Equal(HttpStatusCode.Unauthorized, await People.StatusAsync(key.GetAsync(new Uri("/logs", UriKind.Relative), Ct)));
        await People.GetAsync(people.Owner, $"/projects/{id}", HttpStatusCode.NotFound);
        await People.GetAsync(people.Owner, $"/logs?project={id}", HttpStatusCode.NotFound);
        Assert.DoesNotContain(await ProjectsAsync(""), project => (int)project!["id"]! == id);
        Assert.Contains(await ProjectsAsync("?deleted=true"), project => (int)project!["id"]! == id);

        await People.DataAsync(RestoreAsync(id));
        Assert.Single((await People.GetAsync(key, "/logs"))["data"]!.AsArray());
        var told = (await People.GetAsync(people.Owner, $"/audit?target=project:{id}"))["data"]!.AsArray().Select(row => (string)row!["action"]!);
        Assert.Equal(["project.restore", "project.delete"], told); // Those of the project itself are in it.
        told = (await People.GetAsync(people.Owner, $"/audit?target=project:{id}&actor__ilike=person&project={id}"))["data"]!.AsArray()
            .Select(row => (string)row!["action"]!);
        Assert.Equal(["project.restore", "project.delete", "project.change", "project.create"], told);
    }

    [Fact]
    public async Task Thirty_days_after_it_was_deleted_what_it_had_goes()
    {
        var (gone, kept) = (await people.ProjectAsync(), await people.ProjectAsync());
        foreach (var id in (int[])[gone, kept])
        {
            var (key, _, _) = await people.KeyOfAsync(id, "ingest", "read");
            await LineAsync(key);
            await RequestAsync(key, "shop");
            await Eventually.SeesAsync(async () => (await People.GetAsync(key, "/metrics"))["data"]!.AsArray(), rows => rows.Count > 0);
            Assert.Equal(HttpStatusCode.NoContent, await People.StatusAsync(people.Owner.DeleteAsync(Of(id), Ct)));
        }

        await people.Server.SealAsync();
        await ExecuteAsync($"UPDATE projects SET deleted_at = now() - interval '31 days' WHERE id = {gone}");
        await ExecuteAsync($"UPDATE projects SET deleted_at = now() - interval '29 days' WHERE id = {kept}");
        var keeper = people.Server.Get<IGrainFactory>().GetGrain<IProjectKeeperGrain>(IProjectKeeperGrain.Key);
        await keeper.RunAsync(Ct); // Its reminder may have been first.
        Assert.Equal(0, await keeper.RunAsync(Ct));
        foreach (var table in (string[])["series", "log_patterns", "api_keys", "members", "log_segments WHERE state <> 'expired' AND"])
        {
            var where = table.Contains("WHERE", StringComparison.Ordinal) ? table : $"{table} WHERE";
            Assert.Equal(0L, await CountAsync($"SELECT count(*) FROM {where} project_id = {gone}"));
            Assert.Equal(table != "members", await CountAsync($"SELECT count(*) FROM {where} project_id = {kept}") > 0);
        }

        Assert.Equal(0L, await CountAsync("SELECT count(*) FROM metric_windows WHERE series_id NOT IN (SELECT id FROM series)"));
        Assert.DoesNotContain(await ProjectsAsync("?deleted=true"), project => (int)project!["id"]! == gone);
        Assert.Equal(HttpStatusCode.NotFound, await People.StatusAsync(RestoreAsync(gone)));
        await People.DataAsync(RestoreAsync(kept));
        Assert.Single((await People.GetAsync(people.Owner, $"/logs?project={kept}"))["data"]!.AsArray());
    }

    [Fact]
    public async Task What_names_no_project_means_ones_own_and_the_first_one_stays()
    {
        Assert.Equal(HttpStatusCode.Conflict, await People.StatusAsync(people.Owner.DeleteAsync(Of(1), Ct)));
        var (one, two) = (await people.ProjectAsync(), await people.ProjectAsync());
        var (viewer, id, _) = await people.PersonAsync("viewer", one);
        await People.DataAsync(people.Owner.PutAsJsonAsync($"/projects/{two}/members/{id}", new { role = "editor" }, Ct));
        Assert.Equal(one, (int)(await MeAsync(viewer, ""))["project"]!["id"]!);
        var there = await MeAsync(viewer, $"?project={two}");
        Assert.Equal(("editor", two), ((string)there["role"]!, (int)there["project"]!["id"]!));
        Assert.Equal(one, (int)(await MeAsync(viewer, "?project=1"))["project"]!["id"]!); // None of theirs: whoever asks sees where they are.
        Assert.Equal([one, two], (await People.GetAsync(viewer, "/projects"))["data"]!.AsArray().Select(row => (int)row!["id"]!).Order());
        Assert.Equal(HttpStatusCode.NoContent, await People.StatusAsync(people.Owner.DeleteAsync(Of(one), Ct)));
        Assert.Equal(two, (int)(await MeAsync(viewer, ""))["project"]!["id"]!);
        var role = new Uri($"/projects/{two}/members/{id}", UriKind.Relative);
        Assert.Equal(HttpStatusCode.NoContent, await People.StatusAsync(people.Owner.DeleteAsync(role, Ct)));
        Assert.Null((await MeAsync(viewer, ""))["project"]);
        await People.GetAsync(viewer, "/logs", HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Somebody_of_another_project_is_given_a_role_by_an_owner_and_is_nobody_elses_to_change()
    {
        var (one, two) = (await people.ProjectAsync(), await people.ProjectAsync());
        var (first, _, _) = await people.PersonAsync("admin", one);
        var (second, _, _) = await people.PersonAsync("admin", two);
        var (_, id, email) = await people.PersonAsync("viewer", one);
        await People.GetAsync(second, $"/api/v1/users/{id}", HttpStatusCode.NotFound);
        Assert.Equal(HttpStatusCode.NotFound, await People.StatusAsync(second.PutAsJsonAsync($"/projects/{two}/members/{id}", new { role = "viewer" }, Ct)));
        // The first's admin can become that person.
        Assert.Equal(HttpStatusCode.Forbidden, await People.StatusAsync(InviteAsync(second, two, email, "editor")));
        var invited = await People.DataAsync(InviteAsync(people.Owner, two, email, "editor"), HttpStatusCode.Created);
        Assert.Null(invited["link"]);
        Assert.Equal("editor", (string)(await People.GetAsync(second, $"/api/v1/users/{id}"))["data"]!["role"]!);

        // Known to both now, and changed as a person by an owner alone.
        foreach (var admin in (HttpClient[])[first, second])
        {
            Assert.Equal(HttpStatusCode.Forbidden, await People.StatusAsync(admin.PatchAsJsonAsync($"/api/v1/users/{id}", new { disabled = true }, Ct)));
            Assert.Equal(HttpStatusCode.Forbidden, await People.StatusAsync(admin.DeleteAsync(new Uri($"/api/v1/users/{id}", UriKind.Relative), Ct)));
            Assert.Equal(HttpStatusCode.Forbidden, await People.StatusAsync(admin.PostAsync(new Uri($"/api/v1/users/{id}/link", UriKind.Relative), null, Ct)));
        }

        await People.DataAsync(second.PutAsJsonAsync($"/projects/{two}/members/{id}", new { role = (string?)null }, Ct));
        await People.DataAsync(first.PatchAsJsonAsync($"/api/v1/users/{id}", new { name = "Vera" }, Ct));
        Assert.Equal("viewer", (string)(await People.GetAsync(first, $"/api/v1/users/{id}"))["data"]!["role"]!);
    }

    [Fact]
    public async Task A_link_that_one_project_made_opens_nothing_that_another_gave_later()
    {
        var (one, two) = (await people.ProjectAsync(), await people.ProjectAsync());
        var (first, _, _) = await people.PersonAsync("admin", one);
        var email = $"new-{Guid.NewGuid():N}@example.com";
        var kept = People.TokenOf(await People.DataAsync(InviteAsync(first, one, email, "viewer"), HttpStatusCode.Created));
        var invited = await People.DataAsync(InviteAsync(people.Owner, two, email, "admin"), HttpStatusCode.Created);
        var password = People.Password;
        Assert.Equal(HttpStatusCode.Gone, await People.StatusAsync(people.Nobody.PostAsJsonAsync("/auth/password", new { token = kept, password }, Ct)));
        Assert.Equal(HttpStatusCode.Forbidden, await People.StatusAsync(
            first.PostAsync(new Uri($"/api/v1/users/{invited["user_id"]}/link", UriKind.Relative), null, Ct)));
        Assert.NotNull(invited["link"]); // To the owner, who manages both.

        // One who was made in a project is that project's, though without a role yet.
        using var content = JsonContent.Create(new { name = "Carol", email = "c" + email });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/users") { Content = content };
        request.Headers.Add("x-bayou-project", $"{two}");
        await People.DataAsync(people.Owner.SendAsync(request, Ct), HttpStatusCode.Created);
        Assert.Equal(HttpStatusCode.Forbidden, await People.StatusAsync(InviteAsync(first, one, "c" + email, "viewer")));
    }

    [Fact]
    public async Task A_stream_ends_when_its_reader_loses_the_project()
    {
        var (one, two) = (await people.ProjectAsync(), await people.ProjectAsync());
        var (reader, id, _) = await people.PersonAsync("viewer", one);
        await People.DataAsync(people.Owner.PutAsJsonAsync($"/projects/{two}/members/{id}", new { role = "viewer" }, Ct));
        var (sends, _, _) = await people.KeyOfAsync(one, "ingest");
        using var stream = new StreamReader(await reader.GetStreamAsync(new Uri("/logs/stream?id__gt=0", UriKind.Relative), Ct));
        await LineAsync(sends);
        while (await stream.ReadLineAsync(Ct) is { } line && !line.StartsWith("data:", StringComparison.Ordinal))
        {
        }

        await People.DataAsync(people.Owner.PutAsJsonAsync($"/projects/{one}/members/{id}", new { role = (string?)null }, Ct));
        await LineAsync(sends);
        Assert.DoesNotContain("data:", await stream.ReadToEndAsync(Ct), StringComparison.Ordinal); // It ends, though another project is still theirs.
    }

    [Fact]
    public async Task An_export_is_cut_off_when_its_reader_loses_the_project()
    {
        var project = await people.ProjectAsync();
        var (reader, id, _) = await people.PersonAsync("viewer", project);
        var (sends, _, _) = await people.KeyOfAsync(project, "ingest");
        var line = new { source = "s", level = "info", message = new string('x', 8_000) }; // More of them than the way to the reader holds.
        for (var n = 0; n < 10; n++)
        {
            await People.DataAsync(sends.PostAsJsonAsync("/ingest/v1/logs", Enumerable.Repeat(line, 1_000), Ct), HttpStatusCode.Accepted);
        }

        await using var export = await reader.GetStreamAsync(new Uri("/logs/export", UriKind.Relative), Ct);
        var buffer = new byte[1_000];
        await export.ReadExactlyAsync(buffer, Ct);
        await People.DataAsync(people.Owner.PutAsJsonAsync($"/projects/{project}/members/{id}", new { role = (string?)null }, Ct));
        await Assert.ThrowsAnyAsync<IOException>(async () => await export.CopyToAsync(Stream.Null, Ct));
    }

    [Fact]
    public async Task Whoever_is_demoted_while_a_request_comes_in_does_what_they_may_by_then()
    {
        var project = await people.ProjectAsync();
        var (slow, id, _) = await people.PersonAsync("owner", project);
        foreach (var (method, path, body) in new[]
        {
            ("POST", $"/projects/{project}/members", $"{{\"email\":\"{Guid.NewGuid():N}@example.com\",\"role\":\"owner\"}}"),
            ("PATCH", $"/projects/{project}", "{\"queries_per_minute\":5}"),
        })
        {
            await People.DataAsync(people.Owner.PutAsJsonAsync($"/projects/{project}/members/{id}", new { role = "owner" }, Ct));
            using var content = new SlowContent(body);
            using var request = new HttpRequestMessage(new(method), path) { Content = content };
            var sent = slow.SendAsync(request, Ct);
            await content.Begun; // The gate has let it through, or will as what they are now.
            await People.DataAsync(people.Owner.PutAsJsonAsync($"/projects/{project}/members/{id}", new { role = "admin" }, Ct));
            content.Finish();
            Assert.Equal(HttpStatusCode.Forbidden, await People.StatusAsync(sent));
        }
    }

    [Fact]
    public async Task What_is_being_emptied_cannot_be_restored_and_what_was_restored_is_not_emptied()
    {
        var (one, two) = (await people.ProjectAsync(), await people.ProjectAsync());
        foreach (var id in (int[])[one, two])
        {
            Assert.Equal(HttpStatusCode.NoContent, await People.StatusAsync(people.Owner.DeleteAsync(Of(id), Ct)));
            await ExecuteAsync($"UPDATE projects SET deleted_at = now() - interval '31 days' WHERE id = {id}");
        }

        await ExecuteAsync($"UPDATE projects SET emptying_at = now() WHERE id = {one}"); // as a run that failed half way leaves it
        Assert.Equal(HttpStatusCode.NotFound, await People.StatusAsync(RestoreAsync(one)));
        Assert.DoesNotContain(await ProjectsAsync("?deleted=true"), project => (int)project!["id"]! == one);
        await People.DataAsync(RestoreAsync(two));
        await people.Server.Get<IGrainFactory>().GetGrain<IProjectKeeperGrain>(IProjectKeeperGrain.Key).RunAsync(Ct);
        Assert.Equal(1L, await CountAsync($"SELECT count(*) FROM projects WHERE id IN ({one}, {two}) AND emptied_at IS NOT NULL"));
        await People.GetAsync(people.Owner, $"/projects/{two}");
    }

    [Fact]
    public async Task A_deleted_project_keeps_its_name()
    {
        var name = $"kept {Guid.NewGuid():N}";
        var id = await people.ProjectAsync(name);
        Assert.Equal(HttpStatusCode.NoContent, await People.StatusAsync(people.Owner.DeleteAsync(Of(id), Ct)));
        Assert.Equal(HttpStatusCode.Conflict, await MakeAsync(name));
        await People.DataAsync(RestoreAsync(id));
    }

    [Fact]
    public async Task An_owner_restores_a_person_of_any_project()
    {
        var project = await people.ProjectAsync();
        var (_, id, _) = await people.PersonAsync("viewer", project);
        var person = new Uri($"/api/v1/users/{id}?project={project}", UriKind.Relative);
        Assert.Equal(HttpStatusCode.NoContent, await People.StatusAsync(people.Owner.DeleteAsync(person, Ct)));
        await People.DataAsync(people.Owner.PostAsync(new Uri($"/api/v1/users/{id}/restore", UriKind.Relative), null, Ct));
    }

    [Fact]
    public async Task Limits_are_a_projects_own_and_an_owners_to_change()
    {
        var (limited, free) = (await people.ProjectAsync(), await people.ProjectAsync());
        var (admin, _, _) = await people.PersonAsync("admin", limited);
        Assert.Equal(HttpStatusCode.Forbidden, await People.StatusAsync(admin.PatchAsJsonAsync($"/projects/{limited}", new { queries_per_minute = 9 }, Ct)));
        var changed = await People.DataAsync(people.Owner.PatchAsJsonAsync(
            $"/projects/{limited}", new { queries_per_minute = 3, ingest_per_minute = 2, max_endpoints = 1 }, Ct));
        Assert.Equal((3, 2, 1), ((int)changed["queries_per_minute"]!, (int)changed["ingest_per_minute"]!, (int)changed["max_endpoints"]!));
        var (sends, _, _) = await people.KeyOfAsync(limited, "ingest");
        var (others, _, _) = await people.KeyOfAsync(free, "ingest", "read");
        foreach (var http in (HttpClient[])[sends, others])
        {
            await RequestAsync(http, "one");
            await RequestAsync(http, "two");
        }

        Assert.Contains(HttpStatusCode.TooManyRequests, await ManyAsync(() => sends.PostAsJsonAsync("/ingest/v1/logs", Lines, Ct)));
        Assert.DoesNotContain(HttpStatusCode.TooManyRequests, await ManyAsync(() => others.PostAsJsonAsync("/ingest/v1/logs", Lines, Ct)));

        // All keys of the project together.
        var statuses = new List<HttpStatusCode>();
        for (var n = 0; n < 3; n++)
        {
            var (reads, _, _) = await people.KeyOfAsync(limited, "read");
            statuses.AddRange(await ManyAsync(() => reads.GetAsync(new Uri("/logs", UriKind.Relative), Ct)));
        }

        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
        Assert.Equal(["GET /one", SeriesName.Other], await EndpointsAsync(limited));
        Assert.Equal(["GET /one", "GET /two"], await EndpointsAsync(free));
        changed = await People.DataAsync(people.Owner.PatchAsJsonAsync($"/projects/{limited}", new { queries_per_minute = 0 }, Ct));
        Assert.Null(changed["queries_per_minute"]);
        Assert.Equal(1, (int)changed["max_endpoints"]!);
    }

    [Theory]
    [InlineData("", "name")]
    [InlineData("   ", "name")]
    [InlineData("42", "name")]
    [InlineData("a\nb", "name")]
    public async Task A_name_that_cannot_be_used_is_named(string name, string field)
    {
        using var response = await people.Owner.PostAsJsonAsync("/projects", new { name }, Ct);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains($"\"field\":\"{field}\"", await response.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
    }

    private static readonly object[] Lines = [new { source = "s", level = "info", message = "a line" }];

    private static Uri Of(int id) => new($"/projects/{id}", UriKind.Relative);

    private static Task<HttpResponseMessage> InviteAsync(HttpClient http, int project, string email, string role) =>
        http.PostAsJsonAsync($"/projects/{project}/members", new { email, role }, Ct);

    private Task<HttpResponseMessage> RestoreAsync(int id) => people.Owner.PostAsync(new Uri($"/projects/{id}/restore", UriKind.Relative), null, Ct);

    private Task<HttpStatusCode> MakeAsync(string name) => People.StatusAsync(people.Owner.PostAsJsonAsync("/projects", new { name }, Ct));

    private static async Task<JsonNode> MeAsync(HttpClient http, string query) => (await People.GetAsync(http, $"/auth/me{query}"))["data"]!;

    private async Task<JsonArray> ProjectsAsync(string query) => (await People.GetAsync(people.Owner, $"/projects{query}"))["data"]!.AsArray();

    private async Task<List<string>> EndpointsAsync(int project) =>
        [.. (await People.GetAsync(people.Owner, $"/metrics/endpoints?project={project}"))["data"]!.AsArray().Select(row => (string)row!["endpoint"]!)];

    private static Task<JsonNode> LineAsync(HttpClient http) => People.DataAsync(http.PostAsJsonAsync("/ingest/v1/logs", Lines, Ct), HttpStatusCode.Accepted);

    private static Task<JsonNode> RequestAsync(HttpClient http, string name) => People.DataAsync(http.PostAsJsonAsync("/ingest/v1/requests", new[]
    {
        new { service = "shop", method = "GET", route = $"/{name}", status = 200, duration_ms = 5, time = DateTimeOffset.UtcNow },
    }, Ct), HttpStatusCode.Accepted);

    /// <summary>So many that a minute's end among them makes no difference.</summary>
    private static async Task<List<HttpStatusCode>> ManyAsync(Func<Task<HttpResponseMessage>> send)
    {
        var statuses = new List<HttpStatusCode>();
        for (var n = 0; n < 12; n++)
        {
            statuses.Add(await People.StatusAsync(send()));
        }

        return statuses;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = people.Server.Db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var command = people.Server.Db.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }

    /// <summary>A body of which half comes at once, and the rest when told.</summary>
    private sealed class SlowContent : HttpContent
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly byte[] _bytes;

        public SlowContent(string json)
        {
            _bytes = System.Text.Encoding.UTF8.GetBytes(json);
            Headers.ContentType = new("application/json");
        }

        public Task Begun => _begun.Task;

        public void Finish() => _finished.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(_bytes.AsMemory(0, 5), Ct);
            await stream.FlushAsync(Ct);
            _begun.SetResult();
            await _finished.Task;
            await stream.WriteAsync(_bytes.AsMemory(5), Ct);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _bytes.Length;
            return true;
        }
    }
}
