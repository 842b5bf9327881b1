using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using Bayou.Otlp.Protocol;
using Google.Protobuf;

namespace Bayou.Otlp;

/// <summary>OTLP over gRPC, as its frames are: what an SDK does not send, too.</summary>
public sealed class OtlpGrpcTests : IAsyncLifetime
{
    private readonly int _port = Ports.Claim();
    private readonly HttpClient _grpc = new();

    private TestDatabase _database = null!;
    private BayouServer _server = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _server = await BayouServer.StartAsync(_database, ("BAYOU_TOKEN", "the-token-of-those-who-may"), ("Bayou:Otlp:GrpcPort", $"{_port}"));
        _server.Http.DefaultRequestHeaders.Authorization = new("Bearer", "the-token-of-those-who-may");
        _grpc.DefaultRequestHeaders.Add("x-api-key", "the-token-of-those-who-may");
    }

    public async ValueTask DisposeAsync()
    {
        _grpc.Dispose();
        await _server.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task What_came_over_HTTP_and_comes_again_over_gRPC_counts_once()
    {
        var (service, request) = OtlpLogTests.Of("once");
        using var body = new ByteArrayContent(request.ToByteArray()) { Headers = { ContentType = new(OtlpEndpoints.Protobuf) } };
        using var first = await _server.Http.PostAsync(new Uri("/v1/logs", UriKind.Relative), body, Ct);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal("0", (await ExportAsync(request.ToByteArray())).Status);
        Assert.Equal("0", (await ExportAsync(Gzip(request.ToByteArray()), isGzip: true)).Status);
        Assert.Single((await _server.DataAsync($"/logs?service={service}")).AsArray());
    }

    [Fact]
    public async Task A_message_of_two_megabytes_is_taken_and_what_of_it_cannot_be_kept_is_told()
    {
        var (service, request) = OtlpLogTests.Of([.. Enumerable.Range(0, 200).Select(i => $"{i} {new string('x', 10_000)}")]);
        request.ResourceLogs[0].ScopeLogs[0].LogRecords[7].TimeUnixNano = 1;
        var (status, answer) = await ExportAsync(request.ToByteArray());
        Assert.Equal(("0", 1L), (status, ExportResponse.Parser.ParseFrom(answer).PartialSuccess.Rejected));
        Assert.Equal(199, (await _server.DataAsync($"/logs?service={service}&limit=1000")).AsArray().Count);
    }

    [Fact]
    public async Task What_becomes_too_long_is_refused_before_it_is_in_memory()
    {
        Assert.Equal("8", (await ExportAsync(Gzip(new byte[OtlpEndpoints.MaxMessageBytes * 4]), isGzip: true)).Status);
        Assert.Equal("3", (await ExportAsync([0xFF])).Status);
        Assert.Equal("8", (await ExportAsync(ManyRecords())).Status);
    }

    [Fact]
    public async Task Whoever_has_no_key_is_refused_and_nothing_is_kept()
    {
        var (service, request) = OtlpLogTests.Of("secret");
        _grpc.DefaultRequestHeaders.Remove("x-api-key");
        Assert.Equal("16", (await ExportAsync(request.ToByteArray())).Status);
        Assert.Empty((await _server.DataAsync($"/logs?service={service}")).AsArray());
    }

    /// <summary>Records that say nothing, two bytes each.</summary>
    internal static byte[] ManyRecords()
    {
        var scope = new ScopeLogs();
        scope.LogRecords.Add(Enumerable.Range(0, 100_001).Select(_ => new LogRecord()));
        return new ExportLogsServiceRequest { ResourceLogs = { new ResourceLogs { ScopeLogs = { scope } } } }.ToByteArray();
    }

    private async Task<(string Status, byte[] Answer)> ExportAsync(byte[] message, bool isGzip = false)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = isGzip ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        using var request = new HttpRequestMessage(HttpMethod.Post,
            new Uri($"http://127.0.0.1:{_port}/opentelemetry.proto.collector.logs.v1.LogsService/Export"))
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(frame) { Headers = { ContentType = new("application/grpc") } },
        };
        request.Headers.Add("te", "trailers");
        if (isGzip)
        {
            request.Headers.Add("grpc-encoding", "gzip");
        }

        using var response = await _grpc.SendAsync(request, Ct);
        var answer = await response.Content.ReadAsByteArrayAsync(Ct);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{response} {System.Text.Encoding.UTF8.GetString(answer)}");
        var status = response.TrailingHeaders.TryGetValues("grpc-status", out var trailer) ? trailer : response.Headers.GetValues("grpc-status");
        return (status.Single(), answer.Length > 5 ? answer[5..] : []);
    }

    private static byte[] Gzip(byte[] body)
    {
        using var output = new MemoryStream();
        using (var stream = new GZipStream(output, CompressionLevel.Fastest))
        {
            stream.Write(body);
        }

        return output.ToArray();
    }
}
