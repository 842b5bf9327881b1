using Bayou.Outgoing;

namespace Bayou.Replay;

/// <summary>What of a captured request is sent, and what is refused.</summary>
public sealed class ReplayRequestTests
{
    private static readonly Target Shop = new(
        "shop", "", new("http://shop.test:8080/base/"), new Dictionary<string, string> { ["Authorization"] = "Bearer of-the-target" }, AllowPrivate: false);

    [Theory]
    [InlineData("/replay/1")]
    [InlineData("/api/v1/auth/login")]
    [InlineData("/API/AUTH")]
    [InlineData("/%61uth/x")]
    [InlineData("/%2561uth/x")]
    [InlineData("/a\\auth\\x")]
    [InlineData("/a/../auth")]
    [InlineData("/a/%2e%2e/b")]
    [InlineData("/a/./b")]
    [InlineData("/internal/admin/users")]
    public void Some_paths_are_forbidden(string path) =>
        Assert.True(ReplayRequest.Refusal(Recorded(path), ReplayEdits.None, ["/admin"])?.IsForbidden);

    [Theory]
    [InlineData("/authors/7")]
    [InlineData("/orders/7/replays")]
    [InlineData("/a..b/c")]
    public void Others_are_not(string path) => Assert.Null(ReplayRequest.Refusal(Recorded(path), ReplayEdits.None, ["/admin"]));

    [Fact]
    public void What_was_cut_or_redacted_must_be_edited_first()
    {
        var cut = Recorded("/a") with { IsBodyCut = true, Body = "beginn" };
        Assert.Equal(("body", false), (ReplayRequest.Refusal(cut, ReplayEdits.None, [])!.Field, ReplayRequest.Refusal(cut, ReplayEdits.None, [])!.IsForbidden));
        Assert.Null(ReplayRequest.Refusal(cut, ReplayEdits.None with { Body = "beginning" }, []));
        var redacted = Recorded("/a") with { Body = """{"password":"[redacted 6]"}""", Query = "token=[redacted 6]" };
        Assert.Equal("query", ReplayRequest.Refusal(redacted, ReplayEdits.None, [])!.Field);
        Assert.Equal("body", ReplayRequest.Refusal(redacted, ReplayEdits.None with { Query = "token=x" }, [])!.Field);
        Assert.Equal("body", ReplayRequest.Refusal(redacted, ReplayEdits.None with { Query = "token=x", Body = "[redacted 6]" }, [])!.Field);
        Assert.Null(ReplayRequest.Refusal(redacted, ReplayEdits.None with { Query = "token=x", Body = "{}" }, []));
    }

    [Fact]
    public async Task It_is_sent_byte_for_byte_with_the_targets_credentials_and_no_others()
    {
        var recorded = Recorded("/a%20b/%7Ec/ü") with
        {
            Query = "b=2&a=%41&a=1+1", Body = "{ \"x\" : 1.50 }", Method = "POST",
            Headers = new Dictionary<string, string>
            {
                ["content-type"] = "application/json", ["authorization"] = "[redacted 20]", ["cookie"] = "[redacted 4]", ["x-mine"] = "1",
                ["host"] = "other", ["content-length"] = "999", ["content-encoding"] = "gzip", ["x-forwarded-for"] = "1.2.3.4",
                ["traceparent"] = "00-1", ["accept-language"] = "de",
            },
        };
        var (request, refusal) = ReplayRequest.Of(recorded, ReplayEdits.None, Shop);
        Assert.Null(refusal);
        Assert.Equal("http://shop.test:8080", request!.RequestUri!.GetLeftPart(UriPartial.Authority));
        Assert.Equal("/base/a%20b/%7Ec/%C3%BC?b=2&a=%41&a=1+1", request.RequestUri.PathAndQuery);
        Assert.Equal("{ \"x\" : 1.50 }", await request.Content!.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("application/json", request.Content.Headers.ContentType!.ToString());
        Assert.Equal(
            ["accept-language=de", "authorization=Bearer of-the-target", "x-bayou-replay=1", "x-mine=1"],
            request.Headers.Select(header => $"{header.Key.ToLowerInvariant()}={string.Join(',', header.Value)}").Order(StringComparer.Ordinal));
        Assert.Empty(request.Content.Headers.ContentEncoding);
    }

    private static RecordedRequest Recorded(string path) => new(
        1, "shop", "GET /a", "", "GET", path, "", new Dictionary<string, string>(), "", false, 200, new Dictionary<string, string>(), "", false);
}
