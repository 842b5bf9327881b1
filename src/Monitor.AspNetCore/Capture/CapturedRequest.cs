using Microsoft.AspNetCore.Http;

namespace Bayou.Monitor.Capture;

/// <summary>
/// A finished request as it waits to be sent, with its answer; nothing is taken out of it yet. The target is path and query as they were sent, the error that
/// of an exception.
/// </summary>
internal sealed record CapturedRequest(
    string Method, string Route, string Target, KeyValuePair<string, string>[] Headers, CapturedBody Body, int Status,
    KeyValuePair<string, string>[] ResponseHeaders, CapturedBody ResponseBody, string? Error, long DurationMicros, long UnixMilliseconds, string? TraceId,
    string? User, string? Address)
{
    /// <summary>Bytes that it takes, roughly.</summary>
    public int Size => 1_000 + (2 * Target.Length) + Body.Bytes.Length + ResponseBody.Bytes.Length + (2 * (Error?.Length ?? 0))
        + Headers.Concat(ResponseHeaders).Sum(header => 2 * (header.Key.Length + header.Value.Length));

    /// <summary>Copies headers, which are another request's soon.</summary>
    public static KeyValuePair<string, string>[] Copy(IHeaderDictionary headers) =>
        [.. headers.Select(header => new KeyValuePair<string, string>(header.Key.ToLowerInvariant(), header.Value.ToString()))];
}
