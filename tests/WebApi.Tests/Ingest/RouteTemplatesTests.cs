namespace Bayou.Ingest;

public sealed class RouteTemplatesTests
{
    [Theory]
    [InlineData("/users/17", "/users/{id}")]
    [InlineData("/users/17/orders/9?page=2#top", "/users/{id}/orders/{id}")]
    [InlineData("/files/3f2504e0-4f89-11d3-9a0c-0305e82c3301", "/files/{id}")]
    [InlineData("/commits/9fceb02d0ae598e95dc970b74767f19372d61af8", "/commits/{id}")]
    [InlineData("/reports/2026-01-31", "/reports/{id}")]
    [InlineData("/reports/2026-01-31T10:00:00Z", "/reports/{id}")]
    [InlineData("/keys/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/keys/{id}")]
    [InlineData("/api/v1/health", "/api/v1/health")]
    [InlineData("/feedback/deadbeef", "/feedback/deadbeef")]
    [InlineData("/a-rather-long-word-of-a-route", "/a-rather-long-word-of-a-route")]
    [InlineData("https://shop.example/users/17?x=1", "/users/{id}")]
    [InlineData("users/1/", "/users/{id}")]
    [InlineData("/", "/")]
    [InlineData("", "/")]
    public void A_raw_path_becomes_a_template(string path, string template) => Assert.Equal(template, RouteTemplates.FromPath(path));
}
