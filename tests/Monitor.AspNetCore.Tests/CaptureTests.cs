using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Bayou.Monitor.Capture;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Bayou.Monitor;

public sealed class CaptureTests : IAsyncLifetime
{
    private FakeBayou _bayou = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private IEnumerable<JsonNode> Captured => _bayou.Items.Where(item => item["status_code"] is not null);

    public async ValueTask InitializeAsync() => _bayou = await FakeBayou.StartAsync();

    public ValueTask DisposeAsync() => _bayou.DisposeAsync();

    [Fact]
    public async Task A_failed_request_is_captured_whole_without_its_secrets()
    {
        await using var app = await StartAsync(
            web => web.MapPost("/orders/{id}", async (HttpContext http) =>
            {
                using var reader = new StreamReader(http.Request.Body);
                var body = await reader.ReadToEndAsync(http.RequestAborted);
                http.Response.Headers["x-shop"] = "7";
                return Results.Text($"{{\"error\":\"no stock\",\"got\":{body.Length}}}", "application/json", statusCode: 500);
            }), capture => (capture.User, capture.Stage) = (_ => "ann", "canary"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders/a%20b?x=1&token=CANARY")
        {
            Content = new StringContent("""{"sku": "A-1", "password":"CANARY"}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Authorization", "Bearer CANARY");
        request.Headers.Add("Cookie", "s=CANARY");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        using var response = await app.Http.SendAsync(request, Ct);
        Assert.Equal("""{"error":"no stock","got":35}""", await response.Content.ReadAsStringAsync(Ct));
        var item = await OneAsync();
        Assert.Equal(("shop", "POST", "/orders/a%20b", "/orders/{id}", "x=1&token=[redacted 6]", 500),
            (Text(item, "service"), Text(item, "method"), Text(item, "path"), Text(item, "route"), Text(item, "query"), (int)item["status_code"]!));
        Assert.Equal(("ann", "canary", "0af7651916cd43dd8448eb211c80319c"), (Text(item, "user_id"), Text(item, "stage"), Text(item, "trace_id")));
        Assert.Equal("""{"sku": "A-1", "password":"[redacted 6]"}""", Text(item, "body"));
        Assert.Equal("""{"error":"no stock","got":35}""", Text(item, "response_body"));
        Assert.Equal(("application/json; charset=utf-8", "[redacted 13]"), (Text(item["headers"]!, "content-type"), Text(item["headers"]!, "authorization")));
        Assert.Equal("7", Text(item["response_headers"]!, "x-shop"));
        Assert.Null(item["body_truncated"]);
        Assert.DoesNotContain("CANARY", item.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exception_is_captured_even_where_it_is_handled()
    {
        await using var app = await StartAsync(web =>
        {
            web.UseExceptionHandler("/error");
            web.MapGet("/error", () => Results.Problem());
            web.MapGet("/boom", string () => throw new InvalidOperationException("of the app, password=CANARY"));
        });
        using var response = await app.Http.GetAsync(new Uri("/boom", UriKind.Relative), Ct);
        var item = await OneAsync();
        Assert.Equal(("/boom", "/boom"), (Text(item, "path"), Text(item, "route")));
        Assert.StartsWith("System.InvalidOperationException: of the app, password=[redacted 6]", Text(item, "error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_the_rest_a_share_is_captured_and_nothing_is_held_back()
    {
        await using var app = await StartAsync(web => web.MapGet("/fine", () => "fine"), capture => capture.Share = 0);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("fine", await app.Http.GetStringAsync(new Uri("/fine", UriKind.Relative), Ct));
        }

        await app.StopAsync();
        Assert.Empty(Captured);
    }

    [Fact]
    public async Task With_a_share_of_one_all_are_captured_without_limit()
    {
        await using var app = await StartAsync(web => web.MapGet("/fine", () => "fine"), capture => (capture.Share, capture.PerSecond) = (1, 1));
        for (var i = 0; i < 20; i++)
        {
            await app.Http.GetStringAsync(new Uri("/fine", UriKind.Relative), Ct);
        }

        await app.StopAsync();
        Assert.Equal(20, Captured.Count());
    }

    [Fact]
    public async Task Of_those_that_fail_so_many_a_second_are_captured()
    {
        await using var app = await StartAsync(web => web.MapGet("/bad", () => Results.StatusCode(500)), capture => capture.PerSecond = 2);
        var began = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        for (var i = 0; i < 30; i++)
        {
            using var response = await app.Http.GetAsync(new Uri("/bad", UriKind.Relative), Ct);
        }

        var seconds = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - began + 1;
        await app.StopAsync();
        Assert.InRange(Captured.Count(), 2, 2 * seconds);
    }

    [Fact]
    public async Task What_Bayou_sends_again_is_not_captured()
    {
        await using var app = await StartAsync(web => web.MapGet("/bad", () => Results.StatusCode(500)));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/bad") { Headers = { { Capturer.ReplayHeader, "1" } } };
        using var response = await app.Http.SendAsync(request, Ct);
        await app.StopAsync();
        Assert.Empty(Captured);
        Assert.Single(_bayou.Items); // It is counted all the same.
    }

    [Fact]
    public async Task Long_bodies_are_cut_and_pass_whole()
    {
        var (sent, answered) = (new string('ä', 50_000), new string('x', 70_000));
        await using var app = await StartAsync(web => web.MapPost("/long", async (HttpContext http) =>
        {
            using var reader = new StreamReader(http.Request.Body);
            var body = await reader.ReadToEndAsync(http.RequestAborted);
            return Results.Text(body == sent ? answered : "wrong", statusCode: 500);
        }));
        using var response = await app.Http.PostAsync(new Uri("/long", UriKind.Relative), new StringContent(sent), Ct);
        Assert.Equal(answered, await response.Content.ReadAsStringAsync(Ct));
        var item = await OneAsync();
        Assert.Equal((new string('ä', 8_192), true), (Text(item, "body"), (bool)item["body_truncated"]!));
        Assert.Equal((new string('x', 16_384), true), (Text(item, "response_body"), (bool)item["response_body_truncated"]!));
    }

    [Fact]
    public async Task What_is_no_text_is_told_by_type_length_and_hash()
    {
        byte[] image = [0x89, 0x50, 0x4E, 0x47, 0, 1, 2, 3];
        await using var app = await StartAsync(web => web.MapPost("/image", async (HttpContext http) =>
        {
            var copy = new MemoryStream();
            await http.Request.Body.CopyToAsync(copy, http.RequestAborted);
            return Results.Bytes(copy.ToArray(), "image/png");
        }), capture => capture.Share = 1);
        using var content = new ByteArrayContent(image) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } };
        using var response = await app.Http.PostAsync(new Uri("/image", UriKind.Relative), content, Ct);
        Assert.Equal(image, await response.Content.ReadAsByteArrayAsync(Ct));
        var item = await OneAsync();
        var told = $"[binary image/png, 8 bytes, sha256 {Convert.ToHexStringLower(SHA256.HashData(image))}]";
        Assert.Equal((told, told, true), (Text(item, "body"), Text(item, "response_body"), (bool)item["body_truncated"]!));
    }

    [Fact]
    public async Task Compressed_answers_are_captured_as_what_they_say()
    {
        var long1 = string.Join(' ', Enumerable.Range(0, 2_000));
        await using var app = await StartAsync(
            web =>
            {
                web.UseResponseCompression();
                web.MapGet("/packed", () => Results.Text(long1, statusCode: 500));
            }, services: services => services.AddResponseCompression(options => options.Providers.Add<BrotliCompressionProvider>()));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/packed") { Headers = { AcceptEncoding = { new("br") } } };
        using var response = await app.Http.SendAsync(request, Ct);
        Assert.Equal("br", response.Content.Headers.ContentEncoding.Single());
        Assert.Equal(long1, Text(await OneAsync(), "response_body"));
    }

    [Fact]
    public async Task An_answer_is_not_held_back_until_it_is_whole()
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await StartAsync(web => web.MapGet("/slow", async (HttpContext http) =>
        {
            await http.Response.WriteAsync("first ", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await go.Task.WaitAsync(http.RequestAborted);
            await http.Response.WriteAsync("second", http.RequestAborted);
        }), capture => capture.Share = 1);
        using var response = await app.Http.GetAsync(new Uri("/slow", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Ct);
        await using var stream = await response.Content.ReadAsStreamAsync(Ct);
        var buffer = new byte[6];
        await stream.ReadExactlyAsync(buffer, Ct);
        Assert.Equal("first ", Encoding.UTF8.GetString(buffer));
        go.SetResult();
        Assert.Equal("second", await new StreamReader(stream).ReadToEndAsync(Ct));
        Assert.Equal("first second", Text(await OneAsync(), "response_body"));
    }

    [Fact]
    public async Task Models_are_bound_as_before()
    {
        await using var app = await StartAsync(web => web.MapPost("/model", (Model model) => Results.Json(model, statusCode: 500)));
        using var response = await app.Http.PostAsJsonAsync(new Uri("/model", UriKind.Relative), new Model("a", 7), Ct);
        Assert.Equal("""{"name":"a","count":7}""", await response.Content.ReadAsStringAsync(Ct));
        var item = await OneAsync();
        Assert.Equal(("""{"name":"a","count":7}""", """{"name":"a","count":7}"""), (Text(item, "body"), Text(item, "response_body")));
    }

    [Fact]
    public async Task A_body_that_was_not_read_and_an_answer_that_was_not_seen_are_marked()
    {
        await using var app = await StartAsync(web =>
            web.MapPost("/early", string (HttpContext http) => throw new InvalidOperationException("before it was read")));
        using var response = await app.Http.PostAsync(new Uri("/early", UriKind.Relative), new StringContent("never read"), Ct);
        var item = await OneAsync();
        Assert.Equal((null, true, null, true),
            (Text(item, "body"), (bool)item["body_truncated"]!, Text(item, "response_body"), (bool)item["response_body_truncated"]!));
        Assert.Equal("{}", item["response_headers"]!.ToJsonString());
        Assert.Null(item["client_address"]); // of this machine itself
    }

    [Fact]
    public async Task A_body_of_unknown_length_that_was_not_read_is_marked()
    {
        await using var app = await StartAsync(web => web.MapPost("/early", () => Results.StatusCode(500)));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/early") { Content = new StringContent("never read") };
        request.Headers.TransferEncodingChunked = true;
        using var response = await app.Http.SendAsync(request, Ct);
        Assert.True((bool?)(await OneAsync())["body_truncated"]);
    }

    [Fact]
    public void What_passes_after_the_end_is_left_alone()
    {
        var http = new DefaultHttpContext();
        http.Request.ContentType = "text/plain";
        var tap = new BodyTap(http, isAnswer: false, 100);
        tap.Add("before"u8);
        tap.Release();
        tap.Add("after"u8);
        Assert.Equal(6, tap.Total);
    }

    [Fact]
    public async Task Trailers_of_HTTP_2_pass_and_the_body_before_them_is_whole()
    {
        await using var app = await MonitoredApp.StartAsync(
            _bayou.Url,
            web => web.MapPost("/stream", async (HttpContext http) =>
            {
                http.Response.StatusCode = 500;
                http.Response.DeclareTrailer("grpc-status");
                await http.Request.Body.CopyToAsync(http.Response.Body, http.RequestAborted);
                http.Response.AppendTrailer("grpc-status", "13");
            }),
            options => options.Capture.Enabled = true, protocols: HttpProtocols.Http2);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/stream")
        {
            Version = System.Net.HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new StringContent("to and fro"),
        };
        using var response = await app.Http.SendAsync(request, Ct);
        Assert.Equal("to and fro", await response.Content.ReadAsStringAsync(Ct));
        Assert.Equal("13", response.TrailingHeaders.GetValues("grpc-status").Single());
        var item = await OneAsync();
        Assert.Equal(("to and fro", (bool?)null), (Text(item, "body"), (bool?)item["body_truncated"]));
    }

    [Fact]
    public async Task A_file_is_described()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "Monitor.AspNetCore.Tests.dll");
        await using var app = await StartAsync(
            web => web.MapGet("/file", () => Results.File(path, "application/octet-stream")), capture => capture.Share = 1);
        var bytes = await app.Http.GetByteArrayAsync(new Uri("/file", UriKind.Relative), Ct);
        Assert.Equal($"[binary application/octet-stream, {bytes.Length} bytes]", Text(await OneAsync(), "response_body"));
    }

    [Fact]
    public async Task A_body_of_100_MB_passes_and_16_KiB_of_it_are_kept()
    {
        await using var app = await StartAsync(web => web.MapPost("/upload", async (HttpContext http) =>
        {
            var (buffer, bytes) = (new byte[64 * 1024], 0L);
            for (int read; (read = await http.Request.Body.ReadAsync(buffer, http.RequestAborted)) > 0;)
            {
                bytes += read;
            }

            return Results.Text($"{bytes}", statusCode: 500);
        }).WithMetadata(new DisableRequestSizeLimitAttribute()));
        using var content = new PushContent(megabytes: 100);
        using var response = await app.Http.PostAsync(new Uri("/upload", UriKind.Relative), content, Ct);
        Assert.Equal("104857600", await response.Content.ReadAsStringAsync(Ct));
        var item = await OneAsync();
        Assert.Equal((new string('x', 16 * 1024), true), (Text(item, "body"), (bool)item["body_truncated"]!));
    }

    [Fact]
    public async Task A_body_without_end_is_cut_off_by_the_application_as_before()
    {
        await using var app = await StartAsync(web => web.MapPost("/some", async (HttpContext http) =>
        {
            await http.Request.Body.ReadExactlyAsync(new byte[100], http.RequestAborted);
            return Results.Text("enough", statusCode: 500);
        }));
        using var content = new PushContent(megabytes: int.MaxValue);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/some") { Content = content };
        try
        {
            using var response = await app.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
        }
        catch (HttpRequestException)
        {
            // The server closes the connection while the sender still sends.
        }

        Assert.Equal("enough", Text(await OneAsync(), "response_body"));
    }

    [Fact]
    public async Task Addresses_in_headers_stay_here()
    {
        await using var app = await StartAsync(web => web.MapGet("/bad", () => Results.StatusCode(500)));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/bad") { Headers = { { "X-Forwarded-For", "203.0.113.77" } } };
        using var response = await app.Http.SendAsync(request, Ct);
        Assert.Equal("[redacted 12]", Text((await OneAsync())["headers"]!, "x-forwarded-for"));
    }

    [Fact]
    public void Slow_is_what_is_slower_than_nearly_all_before()
    {
        var latency = new RouteLatency();
        var random = new Random(7);
        var slow = Enumerable.Range(0, 20_000).Count(_ => latency.IsSlow(1_000 * Math.Exp(random.NextDouble())));
        Assert.InRange(slow / 20_000.0, 0.005, 0.02);
        Assert.True(latency.IsSlow(20_000));
        Assert.False(latency.IsSlow(1_100));
    }

    [Fact]
    public void A_slow_first_request_makes_no_difference()
    {
        var latency = new RouteLatency();
        Assert.False(latency.IsSlow(1_000_000));
        var random = new Random(7);
        var slow = Enumerable.Range(0, 2_000).Count(_ => latency.IsSlow(1_000 * Math.Exp(random.NextDouble())));
        Assert.InRange(slow / 2_000.0, 0.003, 0.03);
    }

    /// <summary>As many x as are asked for, in chunks.</summary>
    private sealed class PushContent(int megabytes) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            var megabyte = Encoding.ASCII.GetBytes(new string('x', 1024 * 1024));
            for (var sent = 0; sent < megabytes; sent++)
            {
                await stream.WriteAsync(megabyte, Ct);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    private sealed record Model(string Name, int Count);

    private Task<MonitoredApp> StartAsync(Action<WebApplication> map, Action<CaptureOptions>? configure = null, Action<IServiceCollection>? services = null) =>
        MonitoredApp.StartAsync(_bayou.Url, map, options =>
        {
            (options.Capture.Enabled, options.Capture.Share) = (true, 0);
            configure?.Invoke(options.Capture);
        }, logging => services?.Invoke(logging.Services));

    private async Task<JsonNode> OneAsync()
    {
        await _bayou.UntilAsync(_ => Captured.Any());
        return Captured.Single();
    }

    private static string? Text(JsonNode item, string name) => (string?)item[name];
}
