using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Bayou.Audit;
using Npgsql;

namespace Bayou.Access;

/// <summary>People and keys are managed, and all of it is in the audit log.</summary>
public sealed class PeopleAndKeysTests(People people) : IClassFixture<People>
{
    private static CancellationToken Ct => BayouServer.Ct;

    [Fact]
    public async Task A_person_without_an_email_is_a_row_and_no_more()
    {
        var row = await People.DataAsync(people.Owner.PostAsJsonAsync("/api/v1/users", new { name = "Ann", age = 30 }, Ct), HttpStatusCode.Created);
        var id = (int)row["id"]!;
        Assert.Equal(("Ann", 30, null), ((string?)row["name"], (int?)row["age"], (string?)row["email"]));
        var changed = await People.DataAsync(people.Owner.PatchAsJsonAsync($"/api/v1/users/{id}", new { age = 31 }, Ct));
        Assert.Equal(("Ann", 31), ((string?)changed["name"], (int?)changed["age"]));
        Assert.Equal(HttpStatusCode.BadRequest, await People.StatusAsync(people.Owner.PostAsync(Of($"/api/v1/users/{id}/link"), null, Ct)));
        Assert.Equal(HttpStatusCode.NoContent, await People.StatusAsync(people.Owner.DeleteAsync(Of($"/api/v1/users/{id}"), Ct)));
        Assert.Equal(HttpStatusCode.NotFound, await People.StatusAsync(people.Owner.GetAsync(Of($"/api/v1/users/{id}"), Ct)));
        await People.DataAsync(people.Owner.PostAsync(Of($"/api/v1/users/{id}/restore"), null, Ct));
        var listed = (await People.DataAsync(people.Owner.GetAsync(Of("/api/v1/users?search=ANN&age__gte=31"), Ct))).AsArray();
        Assert.Contains(listed, user => (int)user!["id"]! == id);
    }

    [Theory]
    [InlineData("""{"name":""}""", "name")]
    [InlineData("""{"name":"A","age":-1}""", "age")]
    [InlineData("""{"name":"A","age":"30"}""", "age")]
    [InlineData("""{"name":"A","email":"a@"}""", "email")]
    [InlineData("""{"name":"A","nickname":"B"}""", "nickname")]
    [InlineData("""{"name":"A","name":"B"}""", "name")]
    [InlineData("""["name"]""", "body")]
    [InlineData("""{"name":"A\u0000"}""", "name")]
    public async Task What_is_wrong_with_a_person_is_named(string json, string field)
    {
        using var response = await people.Owner.PostAsync(Of("/api/v1/users"), new StringContent(json, null, "application/json"), Ct);
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync(Ct))!;
        Assert.True(response.StatusCode == HttpStatusCode.BadRequest, $"{body}");
        Assert.Equal(field, (string?)body["error"]!["details"]![0]!["field"]);
    }

    [Fact]
    public async Task The_last_owner_stays_and_only_owners_change_owners()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var alone = await BayouServer.StartAsync(database);
        using var owner = new HttpClient { BaseAddress = alone.Http.BaseAddress };
        var me = await People.DataAsync(owner.PostAsJsonAsync("/auth/first", new { name = "O", email = "o@example.com", password = People.Password }, Ct));
        foreach (var change in (Func<Task<HttpResponseMessage>>[])
        [
            () => owner.DeleteAsync(Of($"/api/v1/users/{me["id"]}"), Ct),
            () => owner.PatchAsJsonAsync($"/api/v1/users/{me["id"]}", new { disabled = true }, Ct),
            () => owner.PutAsJsonAsync($"/projects/1/members/{me["id"]}", new { role = "admin" }, Ct),
        ])
        {
            Assert.Equal(HttpStatusCode.Conflict, await People.StatusAsync(change()));
        }

        var (admin, id, _) = await people.PersonAsync("admin");
        var ownerId = (await People.DataAsync(people.Owner.GetAsync(Of("/auth/me"), Ct)))["id"];
        Assert.Equal(HttpStatusCode.Forbidden, await People.StatusAsync(admin.PatchAsJsonAsync($"/api/v1/users/{ownerId}", new { name = "X" }, Ct)));
        Assert.Equal(HttpStatusCode.Forbidden, await People.StatusAsync(admin.PostAsync(Of($"/api/v1/users/{ownerId}/link"), null, Ct)));
        Assert.Equal(HttpStatusCode.Forbidden, await People.StatusAsync(admin.PutAsJsonAsync($"/projects/1/members/{id}", new { role = "owner" }, Ct)));
        Assert.Equal(HttpStatusCode.Forbidden,
            await People.StatusAsync(admin.PostAsJsonAsync("/projects/1/members", new { email = "x@example.com", role = "owner" }, Ct)));
    }

    [Fact]
    public async Task Who_is_disabled_deleted_or_demoted_is_out_at_once()
    {
        var (http, id, _) = await people.PersonAsync("admin");
        Assert.Equal(HttpStatusCode.OK, await People.StatusAsync(http.GetAsync(Of("/audit"), Ct)));
        await People.DataAsync(people.Owner.PutAsJsonAsync($"/projects/1/members/{id}", new { role = "viewer" }, Ct));
        Assert.Equal(HttpStatusCode.Forbidden, await People.StatusAsync(http.GetAsync(Of("/audit"), Ct)));
        await People.DataAsync(people.Owner.PutAsJsonAsync($"/projects/1/members/{id}", new { role = (string?)null }, Ct));
        Assert.Equal(HttpStatusCode.Forbidden, await People.StatusAsync(http.GetAsync(Of("/metrics"), Ct)));
        await People.DataAsync(people.Owner.PatchAsJsonAsync($"/api/v1/users/{id}", new { disabled = true }, Ct));
        Assert.Equal(HttpStatusCode.Unauthorized, await People.StatusAsync(http.GetAsync(Of("/auth/sessions"), Ct)));
        await People.DataAsync(people.Owner.PatchAsJsonAsync($"/api/v1/users/{id}", new { disabled = false }, Ct));
        Assert.Equal(HttpStatusCode.Unauthorized, await People.StatusAsync(http.GetAsync(Of("/auth/sessions"), Ct))); // whose session has ended
        await people.Owner.DeleteAsync(Of($"/api/v1/users/{id}"), Ct);
        Assert.Equal(HttpStatusCode.Unauthorized, await People.StatusAsync(http.GetAsync(Of("/auth/sessions"), Ct)));
    }

    [Fact]
    public async Task A_key_is_shown_once_expires_and_rotates()
    {
        var (old, id, key) = await people.KeyAsync("read", "ingest");
        Assert.StartsWith("bayou_multi_", key, StringComparison.Ordinal);
        var listed = (await People.DataAsync(people.Owner.GetAsync(Of("/projects/1/keys"), Ct))).AsArray();
        Assert.DoesNotContain(key, $"{listed}", StringComparison.Ordinal);
        Assert.Equal((key[^4..], "Olga"), Assert.Single(listed.Select(row => row!), row => (int)row["id"]! == id) is var row
            ? ((string)row["hint"]!, (string)row["created_by"]!) : default);

        var rotated = await People.DataAsync(people.Owner.PostAsync(Of($"/projects/1/keys/{id}/rotate"), null, Ct), HttpStatusCode.Created);
        using var renewed = people.With((string)rotated["key"]!);
        foreach (var http in (HttpClient[])[old, renewed])
        {
            Assert.Equal(HttpStatusCode.OK, await People.StatusAsync(http.GetAsync(Of("/info"), Ct)));
        }

        Assert.Equal(HttpStatusCode.NotFound, await People.StatusAsync(people.Owner.PostAsync(Of($"/projects/1/keys/{id}/rotate"), null, Ct)));

        // The day of grace is over.
        await using var over = people.Server.Db.CreateCommand("UPDATE api_keys SET expires_at = now() WHERE id = $1");
        over.Parameters.Add(new() { Value = id });
        await over.ExecuteNonQueryAsync(Ct);
        await Eventually.SeesAsync(() => People.StatusAsync(old.GetAsync(Of("/info"), Ct)), status => status == HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.OK, await People.StatusAsync(renewed.GetAsync(Of("/info"), Ct)));
    }

    [Fact]
    public async Task Nobody_makes_a_key_that_may_more_than_they_may()
    {
        var (narrow, _, _) = await people.KeyAsync("admin");
        Assert.Equal(HttpStatusCode.Forbidden,
            await People.StatusAsync(narrow.PostAsJsonAsync("/projects/1/keys", new { name = "k", scopes = new[] { "ingest" } }, Ct)));
        foreach (var body in new object[]
        {
            new { name = "", scopes = new[] { "read" } }, new { name = "k", scopes = Array.Empty<string>() },
            new { name = "k", scopes = new[] { "everything" } },
            new { name = "k", scopes = new[] { "read" }, expires_at = "2020-01-01T00:00:00Z" }, new { name = "k" },
        })
        {
            Assert.Equal(HttpStatusCode.BadRequest, await People.StatusAsync(people.Owner.PostAsJsonAsync("/projects/1/keys", body, Ct)));
        }
    }

    [Fact]
    public async Task A_key_that_manages_does_so_as_long_as_its_maker_may_and_makes_no_people()
    {
        var (admin, id, _) = await people.PersonAsync("admin");
        var made = await People.DataAsync(
            admin.PostAsJsonAsync("/projects/1/keys", new { name = "k", scopes = new[] { "admin", "read" } }, Ct), HttpStatusCode.Created);
        using var key = people.With((string)made["key"]!);
        Assert.Equal(HttpStatusCode.OK, await People.StatusAsync(key.GetAsync(Of("/audit"), Ct)));
        Assert.Equal(HttpStatusCode.Forbidden,
            await People.StatusAsync(key.PostAsJsonAsync("/projects/1/members", new { email = "a@example.com", role = "viewer" }, Ct)));
        Assert.Equal(HttpStatusCode.Forbidden, await People.StatusAsync(key.PostAsync(Of($"/api/v1/users/{id}/link"), null, Ct)));
        var second = await People.DataAsync(
            key.PostAsJsonAsync("/projects/1/keys", new { name = "k2", scopes = new[] { "admin", "read" } }, Ct), HttpStatusCode.Created);
        await People.DataAsync(people.Owner.PatchAsJsonAsync($"/api/v1/users/{id}", new { disabled = true }, Ct));
        foreach (var secret in (string[])[(string)made["key"]!, (string)second["key"]!])
        {
            using var left = people.With(secret);
            Assert.Equal(HttpStatusCode.Forbidden, await People.StatusAsync(left.GetAsync(Of("/audit"), Ct)));
            Assert.Equal(HttpStatusCode.OK, await People.StatusAsync(left.GetAsync(Of("/info"), Ct))); // What reads goes on.
        }
    }

    [Fact]
    public async Task A_link_is_void_once_the_person_is_another()
    {
        foreach (var change in (Func<int, Task>[])
        [
            id => People.DataAsync(people.Owner.PutAsJsonAsync($"/projects/1/members/{id}", new { role = "owner" }, Ct)),
            id => People.DataAsync(people.Owner.PatchAsJsonAsync($"/api/v1/users/{id}", new { email = $"other-{Guid.NewGuid():N}@example.com" }, Ct)),
            id => People.DataAsync(people.Owner.PatchAsJsonAsync($"/api/v1/users/{id}", new { disabled = true }, Ct)),
            id => People.DataAsync(people.Owner.PostAsync(Of($"/api/v1/users/{id}/link"), null, Ct), HttpStatusCode.Created), // The newest counts.
            async id =>
            {
                await people.Owner.DeleteAsync(Of($"/api/v1/users/{id}"), Ct);
                await People.DataAsync(people.Owner.PostAsync(Of($"/api/v1/users/{id}/restore"), null, Ct));
            },
        ])
        {
            var invited = await People.DataAsync(
                people.Owner.PostAsJsonAsync("/projects/1/members", new { email = $"void-{Guid.NewGuid():N}@example.com", role = "viewer" }, Ct),
                HttpStatusCode.Created);
            await change((int)invited["user_id"]!);
            Assert.Equal(HttpStatusCode.Gone, await People.StatusAsync(
                people.Nobody.PostAsJsonAsync("/auth/password", new { token = People.TokenOf(invited), password = People.Password }, Ct)));
        }
    }

    [Fact]
    public async Task Who_comes_back_signs_in_anew_and_only_an_owner_brings_back_an_owner()
    {
        var (http, id, _) = await people.PersonAsync("owner");
        await people.Owner.DeleteAsync(Of($"/api/v1/users/{id}"), Ct);
        var (admin, _, _) = await people.PersonAsync("admin");
        Assert.Equal(HttpStatusCode.NotFound, await People.StatusAsync(admin.PostAsync(Of($"/api/v1/users/{id}/restore"), null, Ct)));
        await People.DataAsync(people.Owner.PostAsync(Of($"/api/v1/users/{id}/restore"), null, Ct));
        Assert.Equal(HttpStatusCode.Unauthorized, await People.StatusAsync(http.GetAsync(Of("/auth/sessions"), Ct)));
    }

    [Fact]
    public async Task A_stream_ends_when_its_reader_is_put_out()
    {
        var (http, id, _) = await people.PersonAsync("viewer");
        using var response = await http.GetAsync(Of("/metrics/stream"), HttpCompletionOption.ResponseHeadersRead, Ct);
        await using var stream = await response.Content.ReadAsStreamAsync(Ct);
        await People.DataAsync(people.Owner.PatchAsJsonAsync($"/api/v1/users/{id}", new { disabled = true }, Ct));
        using var reader = new StreamReader(stream);
        await reader.ReadToEndAsync(Ct).WaitAsync(TimeSpan.FromSeconds(30), Ct);
    }

    [Fact]
    public async Task A_key_for_browsers_sends_from_pages_of_its_origins_and_may_be_in_an_address()
    {
        const string Shop = "https://shop.example";
        foreach (var (body, field) in new (object, string)[]
        {
            (new { name = "b", scopes = new[] { "ingest:browser" } }, "origins"),
            (new { name = "b", scopes = new[] { "ingest:browser", "read" }, origins = new[] { Shop } }, "scopes"),
            (new { name = "b", scopes = new[] { "ingest:browser" }, origins = new[] { $"{Shop}/path" } }, "origins"),
            (new { name = "b", scopes = new[] { "ingest" }, origins = new[] { Shop } }, "origins"),
        })
        {
            using var refused = await people.Owner.PostAsJsonAsync("/projects/1/keys", body, Ct);
            Assert.Equal(field, (string?)JsonNode.Parse(await refused.Content.ReadAsStringAsync(Ct))!["error"]!["details"]![0]!["field"]);
        }

        Assert.False(await IsAllowedAsync(Shop));
        var made = await People.DataAsync(
            people.Owner.PostAsJsonAsync("/projects/1/keys", new { name = "b", scopes = new[] { "ingest:browser" }, origins = new[] { Shop } }, Ct),
            HttpStatusCode.Created);
        var key = (string)made["key"]!;
        Assert.StartsWith(Secret.BrowserPrefix, key, StringComparison.Ordinal);
        await Eventually.SeesAsync(() => IsAllowedAsync(Shop), isAllowed => isAllowed);

        // A beacon, with whatever cookie the browser has.
        var cookie = people.Owner.DefaultRequestHeaders.GetValues("Cookie").Single();
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync($"/ingest/v1/logs?key={key}", Shop, ("Cookie", cookie)));
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync("/ingest/v1/logs", Shop, ("x-api-key", key)));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync($"/ingest/v1/logs?key={key}", "https://other.example"));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync($"/ingest/v1/logs?key={key}", null));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync("/api/v1/users", Shop, ("x-api-key", key)));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync("/api/v1/users", Shop, ("Cookie", cookie)));

        // Any other key in an address is refused, though it is right.
        var (_, _, secret) = await people.KeyAsync("ingest");
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync($"/ingest/v1/logs?key={secret}", null));

        async Task<bool> IsAllowedAsync(string origin)
        {
            using var request = new HttpRequestMessage(HttpMethod.Options, "/ingest/v1/logs");
            request.Headers.Add("Origin", origin);
            request.Headers.Add("Access-Control-Request-Method", "POST");
            using var response = await people.Nobody.SendAsync(request, Ct);
            return response.Headers.TryGetValues("Access-Control-Allow-Origin", out var allowed) && allowed.Single() == origin;
        }

        async Task<HttpStatusCode> SendAsync(string path, string? origin, params (string Name, string Value)[] headers)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path)
            {
                Content = new StringContent("""[{"source":"page","level":"info","message":"seen"}]""", null, "text/plain"),
            };
            foreach (var (name, value) in origin is null ? headers : [.. headers, ("Origin", origin), ("Sec-Fetch-Site", "cross-site")])
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            return await People.StatusAsync(people.Nobody.SendAsync(request, Ct));
        }
    }

    [Theory]
    [InlineData("/audit")]
    [InlineData("/api/v1/users")]
    public async Task A_poller_is_told_whether_there_is_more(string list)
    {
        await people.PersonAsync("viewer");
        await people.PersonAsync("viewer");
        var (after, ids, hasMore) = (0L, new List<long>(), true);
        while (hasMore)
        {
            var body = JsonNode.Parse(await people.Owner.GetStringAsync(Of($"{list}?limit=2&id__gt={after}"), Ct))!;
            ids.AddRange(body["data"]!.AsArray().Select(row => (long)row!["id"]!));
            (after, hasMore) = ((long)body["metadata"]!["last_id"]!, (bool)body["metadata"]!["has_more"]!);
            Assert.Equal(ids[^1], after);
        }

        Assert.Equal(ids.Distinct().Order(), ids);
        Assert.InRange(ids.Count, 3, int.MaxValue);
        Assert.True((bool)JsonNode.Parse(await people.Owner.GetStringAsync(Of($"{list}?id__gt=1000000000"), Ct))!["metadata"]!["reset"]!);
    }

    [Fact]
    public async Task A_key_says_when_it_is_mistyped()
    {
        var (_, _, key) = await people.KeyAsync("read");
        var typo = key[..^1] + (key[^1] == 'a' ? 'b' : 'a');
        foreach (var (given, why) in new[] { (typo, "mistyped"), (key[..^8], "mistyped"), (Secret.NewKey(["read"]), "not known") })
        {
            using var http = people.With(given);
            using var response = await http.GetAsync(Of("/info"), Ct);
            Assert.Contains(why, await response.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        }
    }

    [Fact]
    public async Task All_of_it_is_in_the_audit_log_which_shows_what_was_changed_in_it()
    {
        var (_, person, email) = await people.PersonAsync("editor");
        var (_, key, secret) = await people.KeyAsync("read");
        await people.Owner.DeleteAsync(Of($"/projects/1/keys/{key}"), Ct);
        await People.StatusAsync(people.Nobody.PostAsJsonAsync("/auth/login", new { email, password = "a wrong long password" }, Ct));
        var rows = (await People.DataAsync(people.Owner.GetAsync(Of("/audit?limit=1000"), Ct))).AsArray();
        foreach (var (action, target) in new[]
        {
            ("person.invite", $"person:{person}"), ("password.set", $"person:{person}"), ("sign_in", $"person:{person}"), ("sign_in.fail", $"person:{person}"),
            ("key.create", $"key:{key}"), ("key.revoke", $"key:{key}"),
        })
        {
            Assert.Contains(rows, row => (string)row!["action"]! == action && (string)row["target"]! == target);
        }

        Assert.DoesNotContain(secret, $"{rows}", StringComparison.Ordinal);
        Assert.DoesNotContain("long password", $"{rows}", StringComparison.Ordinal);
        var first = (long)rows[^1]!["id"]!;
        Assert.All((await People.DataAsync(people.Owner.GetAsync(Of($"/audit?id__gt={first}"), Ct))).AsArray(), row => Assert.True((long)row!["id"]! > first));

        var exported = (await people.Owner.GetStringAsync(Of($"/audit/export?action=key.revoke&target=key:{key}"), Ct)).TrimEnd().Split('\n');
        Assert.Equal($"key:{key}", (string?)JsonNode.Parse(Assert.Single(exported))!["target"]);
        var csv = (await people.Owner.GetStringAsync(Of("/audit/export?format=csv"), Ct)).TrimEnd().Split("\r\n");
        Assert.Equal(("id,time,actor,actor_name,address,action,target,before,after", rows.Count + 1), (csv[0], csv.Length));

        var db = people.Server.Db;
        Assert.Null((await AuditLog.VerifyAsync(db, Ct)).Wrong);
        foreach (var change in (string[])["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit", "TRUNCATE audit"])
        {
            await using var refused = db.CreateCommand(change);
            await Assert.ThrowsAsync<PostgresException>(() => refused.ExecuteNonQueryAsync(Ct));
        }

        // Who can turn the trigger off can change a row, but not unseen: not the first either.
        foreach (var id in (int[])[2, 1])
        {
            await using (var changed = db.CreateCommand($"""
                SET session_replication_role = replica; UPDATE audit SET actor_name = 'nobody' WHERE id = {id}; SET session_replication_role = DEFAULT
                """))
            {
                await changed.ExecuteNonQueryAsync(Ct);
            }

            Assert.Equal(id, (await AuditLog.VerifyAsync(db, Ct)).Wrong);
        }
    }

    private static Uri Of(string path) => new(path, UriKind.Relative);
}
