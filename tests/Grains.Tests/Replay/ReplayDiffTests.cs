using System.Text.Json;

namespace Bayou.Replay;

/// <summary>What differs between two answers, and what does not.</summary>
public sealed class ReplayDiffTests
{
    private static readonly Dictionary<string, string> NoHeaders = [];

    [Fact]
    public void The_order_of_names_and_how_numbers_are_written_make_no_difference()
    {
        var diff = Of("""{"a":1,"b":[1.0,{"c":null}]}""", """{ "b": [1, {"c": null}], "a": 1e0 }""");
        Assert.True(diff.Same);
        Assert.Empty(diff.Body);
    }

    [Fact]
    public void Each_difference_has_its_path_and_its_kind()
    {
        var diff = Of("""{"a":1,"b":{"x":"old","y":true},"l":[1,2,3]}""", """{"b":{"x":"new","z":0,"y":true},"l":[1,5],"a":1}""");
        Assert.False(diff.Same);
        Assert.Equal(
            ["b.x changed \"old\" \"new\"", "b.z added  0", "l[1] changed 2 5", "l[2] removed 3 "],
            diff.Body.Select(one => $"{one.Path} {one.Kind} {Raw(one.Recorded)} {Raw(one.Replayed)}"));
    }

    [Fact]
    public void Ignored_paths_are_left_out_wherever_they_are_in_an_array()
    {
        var diff = Of("""{"items":[{"id":1,"n":2},{"id":2,"n":2}],"at":"x"}""", """{"items":[{"id":8,"n":2},{"id":9,"n":3}],"at":"y"}""", "items[*].id", "at");
        Assert.Equal(["items[1].n"], diff.Body.Select(one => one.Path));
        Assert.Equal(["at", "items[*].id"], diff.Ignored);
    }

    [Theory]
    [InlineData("""{"id":1}""", """{"id":2}""", true)]
    [InlineData("""{"order":{"createdAt":"a"}}""", """{"order":{"createdAt":"b"}}""", true)]
    [InlineData("""{"x":"550e8400-e29b-41d4-a716-446655440000"}""", """{"x":"650e8400-e29b-41d4-a716-446655440000"}""", true)]
    [InlineData("""{"x":"2026-11-29T00:00:00Z"}""", """{"x":"2026-11-30T00:00:00Z"}""", true)]
    [InlineData("""{"price":1}""", """{"price":2}""", false)]
    [InlineData("""{"paid":true}""", """{"paid":false}""", false)]
    [InlineData("""{"id":1}""", """{"id":"1"}""", false)]
    public void What_looks_as_if_it_differs_each_time_is_offered_to_be_ignored(string recorded, string replayed, bool isNoise) =>
        Assert.Equal(isNoise, Assert.Single(Of(recorded, replayed).Body).IsLikelyNoise);

    [Fact]
    public void What_was_redacted_is_the_same_as_anything() =>
        Assert.True(Of("""{"token":"[redacted 6]","a":1}""", """{"a":1,"token":"[redacted 24]"}""").Same);

    [Fact]
    public void Status_and_headers_are_compared_but_not_those_that_always_differ()
    {
        var diff = ReplayDiff.Of(
            (500, new Dictionary<string, string> { ["date"] = "a", ["x-shop"] = "1", ["content-type"] = "text/plain" }, "", false),
            (200, new Dictionary<string, string> { ["date"] = "b", ["x-shop"] = "2", ["content-type"] = "text/plain" }, "", false), []);
        Assert.Equal(("500", "200"), (Raw(diff.Status!.Recorded), Raw(diff.Status.Replayed)));
        Assert.Equal(["x-shop"], diff.Headers.Select(header => header.Path));
    }

    [Fact]
    public void What_is_not_JSON_is_compared_as_a_text()
    {
        Assert.True(Of("same", "same").Same);
        Assert.Equal("", Assert.Single(Of("one", "other").Body).Path);
    }

    [Fact]
    public void Of_many_differences_some_are_told()
    {
        var diff = Of(JsonSerializer.Serialize(Enumerable.Range(0, 10_000)), JsonSerializer.Serialize(Enumerable.Range(1, 10_000)));
        Assert.Equal((200, true), (diff.Body.Count, diff.IsCut));
    }

    private static AnswerDiff Of(string recorded, string replayed, params string[] ignored) =>
        ReplayDiff.Of((200, NoHeaders, recorded, false), (200, NoHeaders, replayed, false), ignored);

    private static string Raw(JsonElement? value) => value?.GetRawText() ?? "";
}
