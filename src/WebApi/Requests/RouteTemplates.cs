using System.Text;
using System.Text.RegularExpressions;

namespace Bayou.Requests;

/// <summary>
/// Makes route templates of raw paths, so that <c>/users/1</c> and <c>/users/2</c> are one endpoint. Paths that mean the same are written the same first
/// (RFC 3986, 6.2.2); then each segment is judged by itself, see <see cref="RouteSegment"/>. What no single path can tell, <see cref="RouteVariables"/> learn.
/// </summary>
internal static partial class RouteTemplates
{
    /// <summary>Stands for every value of a segment.</summary>
    public const string Variable = "{id}";

    public static string FromPath(string path)
    {
        var segments = SegmentsOf(path);
        var template = new StringBuilder();
        for (var i = 0; i < segments.Count; i++)
        {
            template.Append('/').Append(IsVersion(segments, i) ? segments[i] : IsShard(segments, i) ? Variable : RouteSegment.TemplateOf(segments[i]));
        }

        return template.Length == 0 ? "/" : template.ToString();
    }

    /// <summary>One leading slash, none at the end.</summary>
    public static string Normalize(string route) => "/" + route.Trim('/');

    /// <summary>
    /// Whether it is a version of the API, as in <c>/2.0/users</c> and <c>/api/2026-01/users</c>: where these are, numbers and dates are names.
    /// </summary>
    private static bool IsVersion(List<string> segments, int at)
    {
        var (segment, isBeforeName) = (segments[at], at + 1 < segments.Count && !char.IsAsciiDigit(segments[at + 1][0]));
        return ((isBeforeName || segment.EndsWith(".0", StringComparison.Ordinal)) && DecimalVersion().IsMatch(segment))
            || (at == 0 ? isBeforeName && FirstVersion().IsMatch(segment)
                : segments[at - 1].EndsWith("api", StringComparison.OrdinalIgnoreCase) && LaterVersion().IsMatch(segment));
    }

    /// <summary>Whether it is a folder by which files that are called by their digest are divided, as in <c>/9d/be/10918a…</c>.</summary>
    private static bool IsShard(List<string> segments, int at)
    {
        while (at + 1 < segments.Count && Shard().IsMatch(segments[at]))
        {
            if (Digest().IsMatch(segments[++at]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Without scheme, host, query, fragment, matrix parameters (RFC 3986, 3.3), empty segments and dots.</summary>
    private static List<string> SegmentsOf(string path)
    {
        var start = Authority().Match(path).Length; // A whole URL: its host is no part of the route.
        var length = path.AsSpan(start).IndexOfAny('?', '#');
        var segments = new List<string>();
        foreach (var raw in (length < 0 ? path[start..] : path.Substring(start, length)).Split('/'))
        {
            var parameters = raw.IndexOf(';', StringComparison.Ordinal);
            switch (Unescape(parameters < 0 ? raw : raw[..parameters]))
            {
                case "" or ".":
                    break;
                case "..":
                    segments.RemoveRange(Math.Max(0, segments.Count - 1), Math.Min(1, segments.Count));
                    break;
                case var segment:
                    segments.Add(segment);
                    break;
            }
        }

        return segments;
    }

    /// <summary>
    /// Decodes what needs no escape: unreserved characters (RFC 3986, 2.3) and letters beyond ASCII (RFC 3987). What needs one has it in capitals.
    /// </summary>
    private static string Unescape(string segment)
    {
        if (!segment.Contains('%', StringComparison.Ordinal))
        {
            return segment;
        }

        var text = new StringBuilder();
        Span<byte> bytes = stackalloc byte[4];
        for (var at = 0; at < segment.Length;)
        {
            var count = 0;
            while (count < bytes.Length && TryByte(segment, at + (count * 3), out bytes[count]))
            {
                count++;
            }

            if (count == 0)
            {
                text.Append(segment[at++]);
                continue;
            }

            var isText = Rune.DecodeFromUtf8(bytes[..count], out var rune, out var used) == System.Buffers.OperationStatus.Done
                && (rune.IsAscii ? char.IsAsciiLetterOrDigit((char)rune.Value) || rune.Value is '-' or '.' or '_' or '~' : Rune.IsLetterOrDigit(rune));
            _ = isText ? text.Append(rune.ToString()) : text.Append(segment.Substring(at, used * 3).ToUpperInvariant());
            at += used * 3;
        }

        return text.ToString();
    }

    private static bool TryByte(string text, int at, out byte value)
    {
        value = 0;
        return at + 2 < text.Length && text[at] == '%'
            && byte.TryParse(text.AsSpan(at + 1, 2), System.Globalization.NumberStyles.AllowHexSpecifier, null, out value);
    }

    [GeneratedRegex("^[0-9a-f]{1,3}$", RegexOptions.CultureInvariant)]
    private static partial Regex Shard();

    [GeneratedRegex("^[0-9a-f]{24,}(?:[.-]|$)", RegexOptions.CultureInvariant)]
    private static partial Regex Digest();

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*", RegexOptions.CultureInvariant)]
    private static partial Regex Authority();

    [GeneratedRegex(@"^(?:\d{1,2}\.\d{1,2}|20\d\d\.\d)$", RegexOptions.CultureInvariant)]
    private static partial Regex DecimalVersion();

    [GeneratedRegex(@"^(?:\d|\d{4}-\d{2}-\d{2})$", RegexOptions.CultureInvariant)]
    private static partial Regex FirstVersion();

    [GeneratedRegex(@"^(?:\d{1,2}(?:\.\d{1,3})?|\d{4}-\d{2}(?:-\d{2})?)$", RegexOptions.CultureInvariant)]
    private static partial Regex LaterVersion();
}
