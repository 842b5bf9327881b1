using System.Net.Http.Headers;
using System.Text;
using Bayou.Monitor.Capture;
using Bayou.Outgoing;

namespace Bayou.Replay;

/// <summary>What is to be other than it was recorded; null for what is not.</summary>
internal sealed record ReplayEdits(string? Method, string? Path, string? Query, IReadOnlyDictionary<string, string>? Headers, string? Body)
{
    public static readonly ReplayEdits None = new(null, null, null, null, null);
}

/// <summary>Why a request is not sent.</summary>
/// <param name="Field">Which part of it is the reason.</param>
/// <param name="IsForbidden">Nobody may send it; else it lacks something.</param>
internal sealed record ReplayRefusal(string Field, string Message, bool IsForbidden);

/// <summary>A captured request as it is sent again: byte for byte what is shown, but for what belonged to the connection, or was secret.</summary>
internal static class ReplayRequest
{
    /// <summary>By which whoever is called can tell; such requests are never captured.</summary>
    public const string Header = Capturer.ReplayHeader;

    // Of the way that a request took, of its own trace, and of how its body was packed, which it is no longer.
    private static readonly string[] Dropped =
    [
        "accept-encoding", "content-encoding", "traceparent", "tracestate", "baggage", "x-trace-id", "forwarded", "x-real-ip", "via", "cdn-loop", Header,
        "x-original-url", "x-rewrite-url", "x-http-method", "x-http-method-override", "x-method-override", // It would be another request.
    ];

    private static readonly string[] DroppedPrefixes = ["x-forwarded-", "cf-", "cloudfront-", "x-vercel-", "fly-", "x-appengine-", "x-amzn-", "x-envoy-"];

    private static readonly string[] AlwaysBlocked = ["replay", "auth"];
    private static readonly string[] Safe = ["GET", "HEAD", "OPTIONS"];

    /// <summary>Whether sending it again changes nothing (RFC 9110, 9.2.1).</summary>
    public static bool IsSafe(string method) => Safe.Contains(method);

    /// <summary>Why a request may not be sent as it is.</summary>
    /// <param name="blocked">Parts of paths of the project.</param>
    /// <returns>Null where it may.</returns>
    public static ReplayRefusal? Refusal(RecordedRequest recorded, ReplayEdits edits, IReadOnlyList<string> blocked)
    {
        var (path, query) = (edits.Path ?? recorded.Path, edits.Query ?? recorded.Query);
        if (!path.StartsWith('/') || path.AsSpan().IndexOfAny('#', '?') >= 0)
        {
            return new("path", "must begin with /, without ? and #", IsForbidden: false);
        }

        if (query.Contains('#', StringComparison.Ordinal))
        {
            return new("query", "must be without #", IsForbidden: false);
        }

        var plain = Decoded(path);
        var parts = PartsOf(plain);
        if (parts.Any(part => part is "." or ".."))
        {
            return new("path", "has . or .. as a part, and may lead elsewhere", IsForbidden: true);
        }

        if (parts.FirstOrDefault(part => AlwaysBlocked.Contains(part, StringComparer.OrdinalIgnoreCase)) is { } part)
        {
            return new("path", $"has /{part}, to which nothing is sent", IsForbidden: true);
        }

        if (blocked.FirstOrDefault(one => plain.Contains(one, StringComparison.OrdinalIgnoreCase)
            || $"/{string.Join('/', parts)}/".Contains(one, StringComparison.OrdinalIgnoreCase)) is { } block)
        {
            return new("path", $"has {block}, to which this project has nothing sent", IsForbidden: true);
        }

        return Redactor.IsMarked(path) ? Missing("path", "was redacted")
            : Redactor.IsMarked(query) ? Missing("query", "was redacted")
            : edits.Body is null && recorded.IsBodyCut ? Missing("body", "was cut, or is no text")
            : Redactor.IsMarked(edits.Body ?? recorded.Body) ? Missing("body", "was redacted")
            : null;
    }

    /// <summary>The request, or what of it cannot be sent.</summary>
    public static (HttpRequestMessage? Request, ReplayRefusal? Refusal) Of(RecordedRequest recorded, ReplayEdits edits, Target target)
    {
        var (method, query) = ((edits.Method ?? recorded.Method).ToUpperInvariant(), edits.Query ?? recorded.Query);
        var address = target.BaseUrl.ToString().TrimEnd('/') + Sendable(edits.Path ?? recorded.Path) + (query.Length > 0 ? $"?{Sendable(query)}" : "");

        // As it is: what the framework would tidy up is no longer what was captured.
        var asItIs = new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true };
        if (!Uri.TryCreate(address, asItIs, out var url) || url.GetLeftPart(UriPartial.Authority) != target.BaseUrl.GetLeftPart(UriPartial.Authority))
        {
            return (null, new("path", "makes no address of this target", IsForbidden: false));
        }

        var request = new HttpRequestMessage(new(method), url);
        var body = edits.Body ?? recorded.Body;
        if (body.Length > 0)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue("text/plain") } };
        }

        var headers = edits.Headers ?? recorded.Headers;
        var sent = headers.Where(header => IsSent(header.Key, header.Value)).ToDictionary(header => header.Key, header => header.Value);
        if (OutgoingHeaders.Add(request, sent, target.Headers) is { } wrong)
        {
            request.Dispose();
            return (null, new($"headers.{wrong}", "cannot be sent as a header", IsForbidden: false));
        }

        request.Headers.TryAddWithoutValidation(Header, "1");
        return (request, null);
    }

    /// <summary>As servers may read them: without parameters behind a semicolon, without dots and blanks at the end.</summary>
    private static string[] PartsOf(string plain) =>
    [
        .. plain.Split(['/', '\\'], StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split(';')[0].TrimEnd(' '))
            .Select(part => part is "." or ".." ? part : part.TrimEnd('.', ' ')),
    ];

    private static bool IsSent(string name, string value) =>
        !Redactor.IsMarked(value) && !Dropped.Contains(name, StringComparer.OrdinalIgnoreCase)
        && !DroppedPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));

    private static ReplayRefusal Missing(string field, string why) => new(field, $"{why}: say what is to be sent instead", IsForbidden: false);

    /// <summary>Until nothing more is decoded: who is called may decode more than once.</summary>
    private static string Decoded(string path)
    {
        for (var times = 0; times < 5; times++)
        {
            var decoded = Uri.UnescapeDataString(path);
            if (decoded == path)
            {
                break;
            }

            path = decoded;
        }

        return path;
    }

    /// <summary>What cannot stand in a request line, as it would be sent.</summary>
    private static string Sendable(string text) =>
        text.AsSpan().ContainsAnyExceptInRange('!', '~') ? string.Concat(text.EnumerateRunes().Select(rune =>
            rune.Value is >= '!' and <= '~' ? rune.ToString() : Uri.EscapeDataString(rune.ToString()))) : text;
}
