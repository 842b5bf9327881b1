using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bayou.Otlp.Protocol;
using Google.Protobuf;

namespace Bayou.Otlp;

/// <summary>What comes as OTLP/HTTP is answered as the specification has it, and becomes lines, each once.</summary>
public sealed class OtlpLogTests(BayouServer server) : IClassFixture<BayouServer>
{
    private const string Protobuf = OtlpEndpoints.Protobuf;
    private const string Json = OtlpEndpoints.Json;

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static ulong Now => (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1_000_000;

    [Fact]
    public async Task A_record_as_the_specification_shows_it_in_JSON_becomes_a_line()
    {
        // As in the specification's examples, at another time.
        var body = """
            {
              "resourceLogs": [{
                "resource": { "attributes": [{ "key": "service.name", "value": { "stringValue": "my.service" } }] },
                "scopeLogs": [{
                  "scope": {
                    "name": "my.library", "version": "1.0.0",
                    "attributes": [{ "key": "my.scope.attribute", "value": { "stringValue": "some scope attribute" } }]
                  },
                  "logRecords": [{
                    "timeUnixNano": "TIME", "observedTimeUnixNano": "TIME", "severityNumber": 10, "severityText": "Information",
                    "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174",
                    "body": { "stringValue": "Example log record" },
                    "attributes": [
                      { "key": "string.attribute", "value": { "stringValue": "some string" } },
                      { "key": "boolean.attribute", "value": { "boolValue": true } },
                      { "key": "int.attribute", "value": { "intValue": "10" } },
                      { "key": "double.attribute", "value": { "doubleValue": 637.704 } },
                      { "key": "array.attribute", "value": { "arrayValue": { "values": [{ "stringValue": "many" }, { "stringValue": "values" }] } } },
                      { "key": "map.attribute", "value": {
                        "kvlistValue": { "values": [{ "key": "some.map.key", "value": { "stringValue": "some value" } }] } } }
                    ]
                  }]
                }]
              }]
            }
            """.Replace("TIME", $"{Now}", StringComparison.Ordinal);
        var (status, type, answer) = await PostAsync(Encoding.UTF8.GetBytes(body), Json);
        Assert.Equal((HttpStatusCode.OK, Json, "{}"), (status, type, Encoding.UTF8.GetString(answer)));

        var line = Assert.Single((await server.DataAsync($"/logs?service=my.service")).AsArray())!;
        Assert.Equal("Example log record", (string?)line["message"]);
        Assert.Equal("my.library", (string?)line["source"]);
        Assert.Equal("info", (string?)line["level"]);
        Assert.Equal("5b8efff798038103d269b633813fc60c", (string?)line["trace_id"]);
        Assert.Equal(
            """
            {"scope":{"version":"1.0.0","my.scope.attribute":"some scope attribute"},"span_id":"eee19b7ec3c1b174","int.attribute":10,
            "map.attribute":{"some.map.key":"some value"},"array.attribute":["many","values"],"double.attribute":637.704,
            "string.attribute":"some string","boolean.attribute":true}
            """.ReplaceLineEndings(""),
            line["meta"]!.ToJsonString());
        Assert.Single((await server.DataAsync($"/logs?service=my.service&meta.int.attribute__gt=9")).AsArray());
    }

    [Fact]
    public async Task The_same_bytes_count_once_whatever_their_wrapping()
    {
        var (service, request) = Of("once");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await PostAsync(request.ToByteArray(), Protobuf)).Status);
            Assert.Equal(HttpStatusCode.OK, (await PostAsync(Gzip(request.ToByteArray()), Protobuf, "gzip")).Status);
        }

        Assert.Single((await server.DataAsync($"/logs?service={service}")).AsArray());
    }

    [Fact]
    public async Task What_cannot_be_kept_is_told_of_and_the_rest_is_kept()
    {
        var (service, request) = Of("now", "old", "next year");
        request.ResourceLogs[0].ScopeLogs[0].LogRecords[1].TimeUnixNano = 1_000_000_000_000_000_000; // in 2001
        request.ResourceLogs[0].ScopeLogs[0].LogRecords[2].TimeUnixNano = Now + 31_536_000_000_000_000UL;
        var (status, type, answer) = await PostAsync(request.ToByteArray(), Protobuf);
        var told = ExportResponse.Parser.ParseFrom(answer).PartialSuccess;
        Assert.Equal((HttpStatusCode.OK, Protobuf, 2), (status, type, told.Rejected));
        Assert.Contains("older than what is kept", told.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal("now", (string?)Assert.Single((await server.DataAsync($"/logs?service={service}")).AsArray())!["message"]);

        // Sent again it is told the same, as JSON where that is asked.
        Assert.Equal(answer, (await PostAsync(request.ToByteArray(), Protobuf)).Answer);
        var json = """{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1"}]}]}]}"""u8.ToArray();
        Assert.Equal(
            """{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"time_unix_nano is older than what is kept of level info"}}""",
            Encoding.UTF8.GetString((await PostAsync(json, Json)).Answer));
    }

    [Theory]
    [InlineData("", Protobuf)]
    [InlineData("{}", Json)]
    [InlineData("""{"resourceLogs":[],"unknownField":{"a":[1]}}""", Json)]
    [InlineData("""{"resourceLogs":[{"scopeLogs":[{"scope":null,"logRecords":[]}]}]}""", Json)]
    public async Task What_holds_nothing_is_taken(string body, string type)
    {
        var (status, _, answer) = await PostAsync(Encoding.UTF8.GetBytes(body), type);
        Assert.Equal((HttpStatusCode.OK, type == Json ? "{}" : ""), (status, Encoding.UTF8.GetString(answer)));
    }

    [Theory]
    [InlineData("nonsense", Protobuf, 400, "The body")]
    [InlineData("\n\u007f", Protobuf, 400, "cut short")]
    [InlineData("{", Json, 400, "is not valid JSON")]
    [InlineData("[]", Json, 400, "body")]
    [InlineData("""{"resourceLogs":{}}""", Json, 400, "resource_logs")]
    [InlineData("""{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"soon"}]}]}]}""", Json, 400, "time_unix_nano")]
    [InlineData("""{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"-1e40"}]}]}]}""", Json, 400, "time_unix_nano")]
    [InlineData("""{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"xyz"}]}]}]}""", Json, 400, "trace_id")]
    [InlineData("{} {}", Json, 400, "JSON")]
    [InlineData("""{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":"SEVERITY_NUMBER_INFO"}]}]}]}""", Json, 400, "severity_number")]
    [InlineData("""{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"intValue":"18446744073709551615"}}]}]}]}""", Json, 400, "int_value")]
    [InlineData("""{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"intValue":1.5}}]}]}]}""", Json, 400, "int_value")]
    [InlineData("""{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"-1"}]}]}]}""", Json, 400, "time_unix_nano")]
    [InlineData("{}", "text/plain", 415, "content-type")]
    [InlineData("{}", "", 415, "content-type")]
    public async Task What_will_never_be_taken_is_answered_by_a_Status_in_the_type_of_the_request(string body, string type, int status, string named)
    {
        var (code, answered, answer) = await PostAsync(Encoding.UTF8.GetBytes(body), type);
        Assert.Equal(status, (int)code);
        var message = answered == Json
            ? (string)JsonNode.Parse(answer)!["message"]! : RpcStatus.Parser.ParseFrom(answer).Message;
        Assert.Contains(named, message, StringComparison.Ordinal);
        Assert.Equal(type == Json ? Json : Protobuf, answered);
    }

    [Fact]
    public async Task A_body_of_more_than_64_MiB_is_refused_however_small_it_is_sent()
    {
        var (status, _, answer) = await PostAsync(Gzip(new byte[OtlpEndpoints.MaxBytes + 1]), Protobuf, "gzip");
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, (int)OtlpStatus.ResourceExhausted), (status, RpcStatus.Parser.ParseFrom(answer).Code));
    }

    [Fact]
    public async Task Records_without_number_are_not_taken_at_once()
    {
        var (status, _, answer) = await PostAsync(OtlpGrpcTests.ManyRecords(), Protobuf);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
        Assert.Contains("Send smaller batches", RpcStatus.Parser.ParseFrom(answer).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_says_no_time_counts_as_often_as_it_comes()
    {
        var (service, request) = Of("backup done");
        request.ResourceLogs[0].ScopeLogs[0].LogRecords[0].TimeUnixNano = 0;
        await PostAsync(request.ToByteArray(), Protobuf);
        await PostAsync(request.ToByteArray(), Protobuf);
        Assert.Equal(2, (await server.DataAsync($"/logs?service={service}")).AsArray().Count);
    }

    [Fact]
    public async Task Names_are_as_either_has_them_and_bytes_of_any_alphabet()
    {
        var service = BayouServer.NewService();
        var body = """
            {"resource_logs":[{"resource":{"attributes":[{"key":"service.name","value":{"string_value":"SERVICE"}}]},"scope_logs":[{"log_records":[
              {"time_unix_nano":TIME,"severity_number":17,"body":{"stringValue":"both"},"attributes":[
                {"key":"a","value":{"bytesValue":"_-8"}},{"key":"b","value":{"bytes_value":"/+8="}},{"key":"scope","value":{"stringValue":"mine"}},
                {"key":"n","value":{"doubleValue":"NaN"}},{"key":"i","value":{"intValue":7}}]}]}]}]}
            """.Replace("SERVICE", service, StringComparison.Ordinal).Replace("TIME", $"{Now}", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(Encoding.UTF8.GetBytes(body), "application/json; charset=utf-8")).Status);
        var line = Assert.Single((await server.DataAsync($"/logs?service={service}")).AsArray())!;
        Assert.Equal("error", (string?)line["level"]);
        Assert.Equal("""{"a":"/+8=","b":"/+8=","i":7,"n":"NaN","attributes.scope":"mine"}""", line["meta"]!.ToJsonString(Relaxed));
    }

    [Fact]
    public async Task Secrets_are_known_by_their_names_with_dots_and_in_bodies_that_are_objects()
    {
        var (service, request) = Of("x");
        var record = request.ResourceLogs[0].ScopeLogs[0].LogRecords[0];
        record.Body = new() { KvlistValue = new() { Values = { new KeyValue { Key = "pin", Value = new() { StringValue = "4711" } } } } };
        record.Attributes.Add(new KeyValue { Key = "payment.api.key", Value = new() { StringValue = "7f3a9c21" } });
        record.Attributes.Add(new KeyValue { Key = "db.pass", Value = new() { StringValue = "hunter" } });
        await PostAsync(request.ToByteArray(), Protobuf);
        var line = Assert.Single((await server.DataAsync($"/logs?service={service}")).AsArray())!.ToJsonString();
        Assert.DoesNotContain("4711", line, StringComparison.Ordinal);
        Assert.DoesNotContain("7f3a9c21", line, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_too_long_is_cut_and_what_is_no_id_is_none()
    {
        var (service, request) = Of("short");
        var record = request.ResourceLogs[0].ScopeLogs[0].LogRecords[0];
        record.Attributes.Add(new KeyValue { Key = "long", Value = new() { StringValue = new string('ä', 2_000_000) } });
        record.Attributes.Add(Enumerable.Range(0, 10_000).Select(i => new KeyValue { Key = $"k{i}", Value = new() { IntValue = i } }));
        record.TraceId = ByteString.CopyFrom(new byte[16]);
        record.SpanId = ByteString.CopyFrom([1, 2, 3]);
        record.DroppedAttributesCount = 7;
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(request.ToByteArray(), Protobuf)).Status);
        var line = Assert.Single((await server.DataAsync($"/logs?service={service}")).AsArray())!;
        Assert.Null(line["trace_id"]);
        Assert.Null(line["meta"]!["span_id"]);
        Assert.EndsWith("… (cut: 4000000 bytes in all)", (string?)line["meta"]!["long"], StringComparison.Ordinal);
        var kept = line["meta"]!.AsObject().Count(pair => pair.Key.StartsWith('k'));
        Assert.InRange(kept, 1_000, 9_000);
        Assert.Equal(10_000 - kept + 7, (int)line["meta"]!["dropped_attributes_count"]!);
    }

    [Fact]
    public async Task Whoever_may_not_send_is_told_so_by_a_Status()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var closed = await BayouServer.StartAsync(database, ("BAYOU_TOKEN", "the-token-of-those-who-may"));
        using var content = new ByteArrayContent([]) { Headers = { ContentType = new(Protobuf) } };
        using var refused = await closed.Http.PostAsync(new Uri("/v1/logs", UriKind.Relative), content, Ct);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal((int)OtlpStatus.Unauthenticated, RpcStatus.Parser.ParseFrom(await refused.Content.ReadAsByteArrayAsync(Ct)).Code);
    }

    /// <summary>Records with these messages, of a service of their own.</summary>
    internal static (string Service, ExportLogsServiceRequest Request) Of(params string[] messages)
    {
        var service = BayouServer.NewService();
        var scope = new ScopeLogs { Scope = new() { Name = "test" } };
        scope.LogRecords.Add(messages.Select(message => new LogRecord { TimeUnixNano = Now, Body = new() { StringValue = message } }));
        var group = new ResourceLogs { Resource = new() };
        group.Resource.Attributes.Add(new KeyValue { Key = "service.name", Value = new() { StringValue = service } });
        group.ScopeLogs.Add(scope);
        return (service, new() { ResourceLogs = { group } });
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

    private async Task<(HttpStatusCode Status, string? Type, byte[] Answer)> PostAsync(byte[] body, string type, string? encoding = null)
    {
        using var content = new ByteArrayContent(body);
        if (type.Length > 0)
        {
            content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        }

        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        using var response = await server.Http.PostAsync(new Uri("/v1/logs", UriKind.Relative), content, Ct);
        return (response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsByteArrayAsync(Ct));
    }
}
