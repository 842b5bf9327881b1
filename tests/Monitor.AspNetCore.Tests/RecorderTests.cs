using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Mvc;

namespace Bayou.Monitor;

public sealed class RecorderTests : IAsyncLifetime
{
    private FakeBayou _bayou = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _bayou = await FakeBayou.StartAsync();

    public ValueTask DisposeAsync() => _bayou.DisposeAsync();

    [Fact]
    public async Task A_request_is_recorded_with_its_template_and_figures()
    {
        await using var app = await StartAsync(web => web.MapPost("/users/{id:int}/notes", async (int id, HttpContext http) =>
        {
            using var reader = new StreamReader(http.Request.Body);
            return Results.Text(await reader.ReadToEndAsync(http.RequestAborted) + id, statusCode: 201);
        }), options => options.Version = "1.4.0");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/users/42/notes?secret=1") { Content = new StringContent("hello") };
        request.Headers.Add("CF-IPCountry", "FR");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        var before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        using var response = await app.Http.SendAsync(request, Ct);
        var item = await OnlyItemAsync();
        Assert.Equal(("shop", "1.4.0", "POST", "/users/{id}/notes", 201),
            (Text(item, "service"), Text(item, "version"), Text(item, "method"), Text(item, "route"), (int)item["status"]!));
        Assert.Equal((5, 7, "FR", "0af7651916cd43dd8448eb211c80319c"),
            ((int)item["request_size"]!, (int)item["response_size"]!, Text(item, "country"), Text(item, "trace_id")));
        Assert.InRange((double)item["duration_ms"]!, 0.001, 30_000);
        Assert.InRange((long)item["time"]!, before, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
    }

    [Fact]
    public async Task An_exception_is_a_500_and_still_reaches_the_server()
    {
        await using var app = await StartAsync(web => web.MapGet("/boom", string () => throw new InvalidOperationException("of the app")));
        using var response = await app.Http.GetAsync(new Uri("/boom", UriKind.Relative), Ct);
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        var item = await OnlyItemAsync();
        Assert.Equal(("/boom", 500), (Text(item, "route"), (int)item["status"]!));
    }

    [Fact]
    public async Task An_error_handler_does_not_take_the_place_of_the_route_that_failed()
    {
        await using var app = await StartAsync(web =>
        {
            web.UseExceptionHandler("/error");
            web.MapGet("/error", () => Results.Problem());
            web.MapGet("/orders/{id}", string (string id) => throw new InvalidOperationException(id));
        });
        using var response = await app.Http.GetAsync(new Uri("/orders/7", UriKind.Relative), Ct);
        var item = await OnlyItemAsync();
        Assert.Equal(("/orders/{id}", 500), (Text(item, "route"), (int)item["status"]!));
    }

    [Theory]
    [InlineData("/orders/7", "/orders/{id}")]
    [InlineData("/nowhere", "/{unmatched}")]
    public async Task An_error_page_that_runs_the_pipeline_again_does_not_either(string path, string route)
    {
        await using var app = await StartAsync(web =>
        {
            web.UseStatusCodePagesWithReExecute("/errors/{0}");
            web.UseBayou(); // Twice is once.
            web.UseRouting();
            web.MapGet("/errors/{code}", (int code) => Results.Text("an error page", statusCode: code));
            web.MapGet("/orders/{id}", (string id) => Results.NotFound());
        });
        using var response = await app.Http.GetAsync(new Uri(path, UriKind.Relative), Ct);
        Assert.Equal("an error page", await response.Content.ReadAsStringAsync(Ct));
        await app.StopAsync();
        var item = Assert.Single(_bayou.Items);
        Assert.Equal((route, 404), (Text(item, "route"), (int)item["status"]!));
    }

    [Fact]
    public async Task A_word_that_is_no_method_makes_no_endpoint()
    {
        await using var app = await StartAsync(web => web.MapGet("/", () => "home"));
        using var response = await app.Http.SendAsync(new(new HttpMethod("BREW"), "/"), Ct);
        Assert.Equal("OTHER", Text(await OnlyItemAsync(), "method"));
    }

    [Fact]
    public async Task A_file_may_go_as_soon_as_it_is_sent_and_old_ways_to_read_and_write_work()
    {
        await using var app = await StartAsync(web =>
        {
            web.MapPost("/apm", async (HttpContext http) =>
            {
                var buffer = new byte[10];
                var read = await Task.Factory.FromAsync(http.Request.Body.BeginRead, http.Request.Body.EndRead, buffer, 0, buffer.Length, null);
                await Task.Factory.FromAsync(http.Response.Body.BeginWrite, http.Response.Body.EndWrite, buffer, 0, read, null);
            });
            web.MapGet("/gone", async (HttpContext http) =>
            {
                var file = Path.GetTempFileName();
                await File.WriteAllTextAsync(file, "twelve bytes", http.RequestAborted);
                var sending = http.Response.SendFileAsync(file, http.RequestAborted);
                File.Delete(file);
                await sending;
            });
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/apm") { Content = new StreamContent(new MemoryStream("hello"u8.ToArray())) };
        request.Headers.TransferEncodingChunked = true;
        using var response = await app.Http.SendAsync(request, Ct);
        Assert.Equal("hello", await response.Content.ReadAsStringAsync(Ct));
        Assert.Equal("twelve bytes", await app.Http.GetStringAsync(new Uri("/gone", UriKind.Relative), Ct));
        await _bayou.UntilAsync(b => b.Items.Count == 2);
        Assert.Equal([(200, 5), (200, 12)], _bayou.Items.Select(item => ((int)item["status"]!, (int)item["response_size"]!)));
    }

    [Fact]
    public async Task A_client_that_leaves_is_a_499()
    {
        var reached = new TaskCompletionSource();
        await using var app = await StartAsync(web => web.MapGet("/slow", async (HttpContext http) =>
        {
            reached.SetResult();
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        }));
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var request = app.Http.GetAsync(new Uri("/slow", UriKind.Relative), leaving.Token);
        await reached.Task;
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        var item = await OnlyItemAsync();
        Assert.Equal(("/slow", 499), (Text(item, "route"), (int)item["status"]!));
    }

    [Fact]
    public async Task An_address_without_a_route_is_never_its_raw_path()
    {
        await using var app = await StartAsync(web => web.MapGet("/", () => "home"));
        using var response = await app.Http.GetAsync(new Uri("/wp-login.php", UriKind.Relative), Ct);
        var item = await OnlyItemAsync();
        Assert.Equal(("/{unmatched}", 404), (Text(item, "route"), (int)item["status"]!));
    }

    [Theory]
    [InlineData("/stream", 40_000)]
    [InlineData("/writer", 30_000)]
    [InlineData("/json", 23)]
    [InlineData("/file", 4_096)]
    public async Task Every_way_to_write_a_response_is_counted(string path, int bytes)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, new byte[4_096], Ct);
        await using var app = await StartAsync(web =>
        {
            web.MapGet("/stream", async (HttpContext http) => await http.Response.Body.WriteAsync(new byte[40_000], http.RequestAborted));
            web.MapGet("/writer", async (HttpContext http) =>
            {
                for (var i = 0; i < 3; i++)
                {
                    http.Response.BodyWriter.GetMemory(10_000).Span[..10_000].Clear();
                    http.Response.BodyWriter.Advance(10_000);
                    await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
                }
            });
            web.MapGet("/json", () => new { name = "abc", n = 1234 });
            web.MapGet("/file", (HttpContext http) => http.Response.SendFileAsync(file, http.RequestAborted));
        });
        var body = await app.Http.GetByteArrayAsync(new Uri(path, UriKind.Relative), Ct);
        File.Delete(file);
        Assert.Equal(bytes, body.Length);
        Assert.Equal(bytes, (int)(await OnlyItemAsync())["response_size"]!);
    }

    [Fact]
    public async Task A_chunked_upload_is_counted()
    {
        await using var app =
            await StartAsync(web => web.MapPost("/up", async (HttpContext http) => await http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted)));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/up") { Content = new StreamContent(new MemoryStream(new byte[12_345])) };
        request.Headers.TransferEncodingChunked = true;
        using var response = await app.Http.SendAsync(request, Ct);
        Assert.Equal(12_345, (int)(await OnlyItemAsync())["request_size"]!);
    }

    [Fact]
    public async Task A_head_request_sends_no_body()
    {
        await using var app =
            await StartAsync(web => web.MapMethods("/", ["HEAD"], (HttpContext http) => http.Response.WriteAsync("not sent", http.RequestAborted)));
        using var response = await app.Http.SendAsync(new(HttpMethod.Head, "/"), Ct);
        Assert.Equal(0, (int)(await OnlyItemAsync())["response_size"]!);
    }

    [Fact]
    public async Task Controllers_are_told_apart_on_a_conventional_route()
    {
        await using var app = await StartAsync(web => web.MapControllerRoute("default", "{controller=Home}/{action=Index}/{id?}"));
        Assert.Equal("12", await app.Http.GetStringAsync(new Uri("/Stock/Count/12", UriKind.Relative), Ct));
        Assert.Equal("/Stock/Count/{id}", Text(await OnlyItemAsync(), "route"));
    }

    [Fact]
    public async Task Event_streams_and_what_is_not_wanted_are_left_out()
    {
        await using var app = await StartAsync(web =>
        {
            web.MapGet("/events", async (HttpContext http) =>
            {
                http.Response.ContentType = "text/event-stream";
                await http.Response.WriteAsync("data: 1\n\n", http.RequestAborted);
            });
            web.MapGet("/healthz", () => "ok");
            web.MapGet("/last", () => "ok");
        }, options => options.ShouldRecord = http => http.Request.Path != "/healthz");
        foreach (var path in (string[])["/events", "/healthz", "/last"])
        {
            await app.Http.GetStringAsync(new Uri(path, UriKind.Relative), Ct);
        }

        Assert.Equal("/last", Text(await OnlyItemAsync(), "route"));
    }

    [Fact]
    public async Task A_country_that_is_none_is_left_out()
    {
        await using var app = await StartAsync(web => web.MapGet("/", () => "home"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("CF-IPCountry", "France");
        request.Headers.Add("X-Country-Code", "de");
        using var response = await app.Http.SendAsync(request, Ct);
        Assert.Equal("de", Text(await OnlyItemAsync(), "country"));
    }

    [Theory]
    [InlineData("203.0.113.9", null, true, null, "203.0.113.9")]
    [InlineData("203.0.113.9", "XX", true, null, "203.0.113.9")] // It does not know.
    [InlineData("203.0.113.9", "de", true, "de", null)]
    [InlineData("203.0.113.9", null, false, null, null)]
    [InlineData("127.0.0.1", null, true, null, null)]
    [InlineData("2001:db8::1", null, true, null, "2001:db8::1")]
    public async Task The_address_goes_along_where_nothing_else_tells_the_country(
        string address, string? header, bool isSent, string? country, string? sent)
    {
        await using var app = await StartAsync(web =>
        {
            web.Use((http, next) =>
            {
                http.Connection.RemoteIpAddress = IPAddress.Parse(address); // as UseForwardedHeaders does
                return next(http);
            });
            web.MapGet("/", () => "home");
        }, options => options.SendClientAddress = isSent);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        if (header is not null)
        {
            request.Headers.Add("CF-IPCountry", header);
        }

        using var response = await app.Http.SendAsync(request, Ct);
        var item = await OnlyItemAsync();
        Assert.Equal((country, sent), ((string?)item["country"], (string?)item["client_address"]));
    }

    [Fact]
    public async Task A_monitor_that_fails_does_not_fail_the_application()
    {
        await using var app =
            await StartAsync(web => web.MapGet("/", () => "home"), options => options.ShouldRecord = _ => throw new InvalidOperationException("mine"));
        Assert.Equal("home", await app.Http.GetStringAsync(new Uri("/", UriKind.Relative), Ct));
        Assert.Equal("home", await app.Http.GetStringAsync(new Uri("/", UriKind.Relative), Ct));
        Assert.Single(app.Log.Warnings, line => line == "A request could not be recorded");
    }

    [Fact]
    public async Task Turned_off_it_sends_nothing()
    {
        await using (var app = await StartAsync(web => web.MapGet("/", () => "home"), options => options.Enabled = false))
        {
            Assert.Equal("home", await app.Http.GetStringAsync(new Uri("/", UriKind.Relative), Ct));
            await app.StopAsync();
        }

        Assert.Empty(_bayou.Received);
    }

    private Task<MonitoredApp> StartAsync(Action<WebApplication> map, Action<BayouOptions>? configure = null) =>
        MonitoredApp.StartAsync(_bayou.Url, map, configure);

    private async Task<JsonNode> OnlyItemAsync()
    {
        await _bayou.UntilAsync(b => b.Items.Count > 0);
        return Assert.Single(_bayou.Items);
    }

    private static string? Text(JsonNode item, string field) => (string?)item[field];
}

/// <summary>Found by its conventional route.</summary>
public sealed class StockController : Controller
{
    public IActionResult Count(int id) => Content(id.ToString(CultureInfo.InvariantCulture), "text/plain", Encoding.UTF8);
}
