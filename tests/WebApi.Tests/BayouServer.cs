using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bayou.Database;
using Bayou.Logs;
using Bayou.Metrics;
using Bayou.Search;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans;

namespace Bayou;

/// <summary>The whole server on real HTTP, with a database of its own.</summary>
public sealed class BayouServer : IAsyncLifetime
{
    private readonly Dictionary<string, string> _settings = [];
    private TestDatabase? _ownDatabase;
    private AnswerSchema? _schema;
    private WebApplication _app = null!;

    public HttpClient Http { get; private set; } = null!;

    public NpgsqlDataSource Db { get; private set; } = null!;

    public static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A moment in a window that is over, and recent enough for everything.</summary>
    public static DateTimeOffset RecentMinute => DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.AddMinutes(-5).ToUnixTimeSeconds() / 60 * 60);

    public static async Task<BayouServer> StartAsync(TestDatabase database, params (string Key, string Value)[] settings)
    {
        var server = new BayouServer();
        foreach (var (key, value) in settings)
        {
            server._settings[key] = value;
        }

        await server.StartOnAsync(database);
        return server;
    }

    public async ValueTask InitializeAsync()
    {
        _ownDatabase = await TestDatabase.CreateAsync();
        await StartOnAsync(_ownDatabase);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Db.DisposeAsync();
        if (_ownDatabase is not null)
        {
            await _ownDatabase.DisposeAsync();
        }
    }

    public static object Observation(string service, DateTimeOffset time, string route = "/", int status = 200, double durationMs = 10) =>
        new { service, method = "GET", route, status, duration_ms = durationMs, time };

    public static string NewService() => $"s-{Guid.NewGuid():N}";

    public Task<(HttpStatusCode Status, JsonNode Body)> SendAsync(object items, string? key = null) =>
        PostAsync(new StringContent(JsonSerializer.Serialize(items), Encoding.UTF8, "application/json"), key);

    public Task<(HttpStatusCode Status, JsonNode Body)> PostAsync(byte[] body, string type = "application/json", string? encoding = null)
    {
        var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("content-type", type);
        if (encoding is not null)
        {
            content.Headers.TryAddWithoutValidation("content-encoding", encoding);
        }

        return PostAsync(content);
    }

    public Task<(HttpStatusCode Status, JsonNode Body)> SendLogsAsync(object items, string? key = null) =>
        PostAsync(new StringContent(JsonSerializer.Serialize(items), Encoding.UTF8, "application/json"), key, "/ingest/v1/logs");

    public async Task<(HttpStatusCode Status, JsonNode Body)> PostAsync(HttpContent content, string? key = null, string path = "/ingest/v1/requests")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        using var response = await Http.SendAsync(request, Ct);
        return await AnswerAsync(response, "POST", path);
    }

    public async Task<(HttpStatusCode Status, JsonNode Body)> GetAsync(FormattableString url)
    {
        var escaped = string.Format(CultureInfo.InvariantCulture, url.Format,
            [.. url.GetArguments()
                .Select(a => a is AlreadyEscaped done ? done.Text : Uri.EscapeDataString(Convert.ToString(a, CultureInfo.InvariantCulture)!))]);
        using var response = await Http.GetAsync(new Uri(escaped, UriKind.Relative), Ct);
        return await AnswerAsync(response, "GET", escaped);
    }

    /// <summary>Holds the answer against the document, too.</summary>
    private async Task<(HttpStatusCode Status, JsonNode Body)> AnswerAsync(HttpResponseMessage response, string method, string path)
    {
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync(Ct))!;
        if (response.IsSuccessStatusCode)
        {
            _schema ??= await SchemaAsync();
            _schema.Check(method, path, (int)response.StatusCode, body);
        }

        return (response.StatusCode, body);
    }

    /// <summary>Not every role has the document.</summary>
    private async Task<AnswerSchema> SchemaAsync()
    {
        using var document = await Http.GetAsync(new Uri("/doc", UriKind.Relative), Ct);
        return new(document.IsSuccessStatusCode ? JsonNode.Parse(await document.Content.ReadAsStringAsync(Ct))!
            : new JsonObject { ["paths"] = new JsonObject() });
    }

    public async Task<JsonNode> DataAsync(FormattableString url)
    {
        var (status, body) = await GetAsync(url);
        Assert.True(status == HttpStatusCode.OK, $"{url}: {body}");
        return body["data"]!;
    }

    /// <summary>Waits until a service's windows count so many requests.</summary>
    public async Task CountedAsync(string service, long requests)
    {
        var counted = await Eventually.SeesAsync(() => WrittenAsync(service), counted => counted >= requests, TimeSpan.FromMinutes(1));
        Assert.True(counted == requests, $"{service} has {counted} requests, more than {requests} were sent");
    }

    /// <summary>How many requests the windows of a service's endpoints, and those of all of them together, count by now.</summary>
    public async Task<long> WrittenAsync(string service)
    {
        await using var command = Db.CreateCommand("""
            SELECT least(coalesce(sum(traffic_count) FILTER (WHERE s.endpoint = '*'), 0),
                         coalesce(sum(traffic_count) FILTER (WHERE s.endpoint <> '*'), 0))::bigint
              FROM metric_windows w JOIN series s ON s.id = w.series_id WHERE s.service = $1
            """);
        command.Parameters.Add(new() { Value = service });
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>Says where a service is reached.</summary>
    public async Task PutTargetAsync(string service, string url, object? headers = null)
    {
        using var response = await Http.PutAsJsonAsync(new Uri($"/replay/targets/{service}", UriKind.Relative), new { base_url = url, headers }, Ct);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    /// <summary>Merges all hours that are over, as the reminder does each minute.</summary>
    public Task RollUpAsync() => Get<IGrainFactory>().GetGrain<IRollupGrain>(IRollupGrain.Key).RunAsync(Ct);

    /// <summary>Seals every log segment that is closed, as happens each 2 s.</summary>
    public Task SealAsync() => Get<IGrainFactory>().GetGrain<ILogKeeperGrain>(ILogKeeperGrain.Key).RunAsync(Ct);

    /// <summary>Lets go lines that are too old and patterns without lines, as a schedule does each ten minutes.</summary>
    public Task CleanUpLogsAsync() => Get<IGrainFactory>().GetGrain<ILogKeeperGrain>(ILogKeeperGrain.Key).CleanUpAsync(Ct);

    /// <summary>Waits until every log pattern is found by its meaning.</summary>
    public Task EmbeddedAsync() => Eventually.SeesAsync(async () =>
    {
        await DataAsync($"/logs?search=anything&mode=semantic");
        await using var command = Db.CreateCommand($"""
            SELECT count(*) FROM log_patterns p LEFT JOIN {Get<TextVectors>().Table} v ON v.item_id = p.id
             WHERE p.merged_into IS NULL AND v.revision IS DISTINCT FROM p.revision
            """);
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }, without => without == 0);

    private async Task StartOnAsync(TestDatabase database)
    {
        Db = NpgsqlDataSource.Create(database.Url);
        Dictionary<string, string> settings = new(_settings)
        {
            ["environment"] = "Testing",
            ["Bayou:Database:AllowUnsafe"] = "true",
        };
        settings.TryAdd(DatabaseOptions.UrlKey, database.Url);
        settings.TryAdd("urls", "http://127.0.0.1:0");
        settings.TryAdd("LOG_LEVEL", "Warning");
        settings.TryAdd("Bayou:Otlp:GrpcPort", "0");
        settings.TryAdd("Bayou:Otlp:HttpPort", "0");
        settings.TryAdd("Bayou:Metrics:FlushSeconds", "1");
        settings.TryAdd("Bayou:Metrics:RollUpAfterSeconds", "0");
        settings.TryAdd("Bayou:Metrics:RollUpEverySeconds", "3600"); // when a test says so
        settings.TryAdd("Bayou:Jobs:Queues:system", "0"); // when a test says so
        settings.TryAdd("Bayou:Ingest:DeliveryMilliseconds", "50");
        _app = Api.Build([.. settings.Select(pair => $"--{pair.Key}={pair.Value}")]);
        await _app.StartAsync(Ct);
        Http = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
    }
}

/// <summary>A part of a URL to be left as it is.</summary>
public sealed record AlreadyEscaped(string Text);
