using System.Net;

namespace Bayou.Http;

/// <summary>What happens to everybody else while reads hang, or ask for too much.</summary>
public sealed class ReadLimitsTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private BayouServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _server = await BayouServer.StartAsync(_database, ("Bayou:Database:MaxConnections", "10")); // Two for reads, one of these for expensive ones.
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Expensive_reads_that_hang_stop_neither_ingest_nor_polls_nor_readiness_and_are_told_so()
    {
        await using var connection = await _server.Db.OpenConnectionAsync(BayouServer.Ct);
        await using var transaction = await connection.BeginTransactionAsync(BayouServer.Ct);
        await using (var command = new Npgsql.NpgsqlCommand(
            "SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE log_segments IN ACCESS EXCLUSIVE MODE", connection, transaction))
        {
            await command.ExecuteNonQueryAsync(BayouServer.Ct);
        }

        var hanging = Enumerable.Range(0, 70).Select(_ => GetAsync("/logs/histogram?search=-zzz%20-timeout")).ToList();

        // One runs, 64 wait; the others hear at once that there is no place.
        var refused = new List<HttpStatusCode>();
        while (refused.Count < 5)
        {
            var first = await Task.WhenAny(hanging);
            hanging.Remove(first);
            refused.Add(await first);
        }

        Assert.All(refused, status => Assert.Equal(HttpStatusCode.ServiceUnavailable, status));
        var service = BayouServer.NewService();
        var (taken, _) = await _server.SendAsync(new[] { BayouServer.Observation(service, BayouServer.RecentMinute) });
        Assert.Equal(HttpStatusCode.Accepted, taken);
        Assert.Equal(HttpStatusCode.OK, await GetAsync("/health/readiness"));
        Assert.Equal(HttpStatusCode.OK, await GetAsync("/metrics?id__gt=0"));
        Assert.Equal(HttpStatusCode.OK, await GetAsync("/deploys"));
        Assert.Equal(65, hanging.Count(read => !read.IsCompleted));

        // Nothing waits for ever.
        Assert.All(await Task.WhenAll(hanging), status => Assert.Equal(HttpStatusCode.ServiceUnavailable, status));
        await transaction.RollbackAsync(BayouServer.Ct);
        Assert.Equal(HttpStatusCode.OK, await GetAsync("/logs/histogram?search=-zzz%20-timeout"));
    }

    [Theory]
    [InlineData("/logs", "search", 33, "-w{0} ")]
    [InlineData("/logs/histogram", "search", 33, "w{0} ")]
    [InlineData("/logs/patterns", "search", 33, "source:s{0} ")]
    public async Task A_search_of_very_many_words_is_refused(string path, string field, int count, string word)
    {
        Assert.Equal((HttpStatusCode.OK, ""), await FieldAsync($"{path}?search={Words(count - 1)}"));
        Assert.Equal((HttpStatusCode.BadRequest, field), await FieldAsync($"{path}?search={Words(count)}"));

        string Words(int many) =>
            Uri.EscapeDataString(string.Concat(Enumerable.Range(0, many).Select(i => word.Replace("{0}", $"{i}", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Very_many_filters_are_refused()
    {
        Assert.Equal((HttpStatusCode.OK, ""), await FieldAsync($"/logs?{Filters(64)}"));
        Assert.Equal((HttpStatusCode.BadRequest, "query"), await FieldAsync($"/logs?{Filters(65)}"));
        Assert.Equal((HttpStatusCode.BadRequest, "query"), await FieldAsync($"/logs/facets?{Filters(1_000)}"));

        static string Filters(int many) => string.Join('&', Enumerable.Range(0, many).Select(i => $"meta.k{i}=1"));
    }

    private async Task<HttpStatusCode> GetAsync(string path)
    {
        using var response = await _server.Http.GetAsync(new Uri(path, UriKind.Relative), BayouServer.Ct);
        Assert.Equal(response.StatusCode == HttpStatusCode.ServiceUnavailable, response.Headers.RetryAfter is not null);
        return response.StatusCode;
    }

    private async Task<(HttpStatusCode Status, string Field)> FieldAsync(string path)
    {
        var (status, body) = await _server.GetAsync($"{new AlreadyEscaped(path)}");
        return (status, (string?)body["error"]?["details"]?[0]?["field"] ?? "");
    }
}
