using System.Text.RegularExpressions;

namespace Bayou.Ingest;

/// <summary>Makes route templates of raw paths, so that <c>/users/1</c> and <c>/users/2</c> are one endpoint.</summary>
internal static partial class RouteTemplates
{
    /// <summary>Each segment that is a number, UUID, date or hash becomes <c>{id}</c>; query and fragment go.</summary>
    public static string FromPath(string path)
    {
        if (path.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(path, UriKind.Absolute, out var url))
        {
            path = url.AbsolutePath; // A whole URL: its host is no part of the route.
        }

        var end = path.AsSpan().IndexOfAny('?', '#');
        var bare = end < 0 ? path : path[..end];
        return Normalize(string.Join('/', bare.Split('/').Select(segment => IsValue().IsMatch(segment) ? "{id}" : segment)));
    }

    /// <summary>One leading slash, none at the end.</summary>
    public static string Normalize(string route) => "/" + route.Trim('/');

    // In order: numbers (also signed, and lists of them), UUIDs, dates and times, hex hashes of 8 characters or
    // more that hold a digit, and long tokens (ULID, base62, base64url) that mix digits with letters.
    [GeneratedRegex("""
        ^(?:
            [+-]?\d+(?:[.,]\d+)*
          | \{?[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\}?
          | \d{4}-\d{2}(?:-\d{2}(?:[Tt ][\d:.,]+(?:[Zz]|[+-]\d{2}:?\d{2})?)?)?
          | (?=[0-9a-fA-F]*\d)(?:0x)?[0-9a-fA-F]{8,}
          | (?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}
        )$
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    private static partial Regex IsValue();
}
