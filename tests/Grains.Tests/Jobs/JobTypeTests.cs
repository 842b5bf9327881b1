namespace Bayou.Jobs;

public sealed class JobTypeTests
{
    [Fact]
    public void The_wait_is_random_up_to_a_bound_that_doubles()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1));
        Assert.Equal([2.0, 4, 8, 16, 32, 60, 60], Enumerable.Range(1, 7).Select(attempt => backoff.Bound(attempt).TotalSeconds));
        Assert.Equal(TimeSpan.FromMinutes(1), backoff.Bound(1_000_000));
        Assert.Equal(TimeSpan.Zero, backoff.After(5, 0));
        Assert.Equal(TimeSpan.FromSeconds(16), backoff.After(5, 0.5));
    }

    [Theory]
    [InlineData("{}", "payload.target", "must be given")]
    [InlineData("""{ "target": 7 }""", "payload.target", "is not known here, or not of its type; see GET /worker/types")]
    [InlineData("""{ "target": "shop", "tarjet": "shop" }""", "payload.tarjet", "is not known here, or not of its type; see GET /worker/types")]
    [InlineData("""{ "target": "shop", "method": "SEND" }""", "payload.method", "must be GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS")]
    [InlineData("""{ "target": "shop", "path": "orders" }""", "payload.path", "must begin with / and have no blanks")]
    [InlineData("""{ "target": "shop", "timeout_seconds": 0 }""", "payload.timeout_seconds", "must be from 1 to 540")]
    [InlineData("""{ "target": "shop", "timeout_seconds": 1.5 }""", "payload.timeout_seconds", "is not known here, or not of its type; see GET /worker/types")]
    [InlineData("[]", "payload", "must be a JSON object")]
    [InlineData("null", "payload", "must be a JSON object")]
    [InlineData("7", "payload", "must be a JSON object")]
    public void A_payload_that_does_not_fit_names_its_field(string payload, string field, string message) =>
        Assert.Equal((field, message), new JobHandler<HttpRequestJob, HttpRequestPayload>().Check(payload));

    [Fact]
    public void A_payload_that_fits_is_taken()
    {
        var handler = new JobHandler<HttpRequestJob, HttpRequestPayload>();
        Assert.Null(handler.Check("""{ "target": "shop", "method": "PUT", "path": "/a?b=c", "headers": { "x-a": "b" }, "body": { "c": 1 } }"""));
        Assert.Null(new JobHandler<NoopJob, NoopPayload>().Check("{}"));
    }

    [Fact]
    public void A_schema_says_what_the_payload_must_be()
    {
        var schema = new JobHandler<HttpRequestJob, HttpRequestPayload>().Schema;
        Assert.Equal("target", (string)schema["required"]![0]!);
        Assert.Equal(540, (int)schema["properties"]!["timeout_seconds"]!["maximum"]!);
        Assert.Equal("GET", (string)schema["properties"]!["method"]!["enum"]![0]!);
        Assert.False((bool)schema["additionalProperties"]!);
    }
}
