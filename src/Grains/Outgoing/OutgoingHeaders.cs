namespace Bayou.Outgoing;

/// <summary>What may be sent as a header.</summary>
internal static class OutgoingHeaders
{
    // Of the connection, not of the message; or told by the URL.
    private static readonly HashSet<string> NotOurs = new(StringComparer.OrdinalIgnoreCase)
    {
        "host", "connection", "transfer-encoding", "content-length", "upgrade", "te", "trailer", "proxy-connection", "keep-alive",
    };

    /// <summary>Adds headers to a request that has its content.</summary>
    /// <param name="targets">Those of the target, which come before the others.</param>
    /// <returns>The name of one that cannot be sent; null where all can.</returns>
    public static string? Add(HttpRequestMessage request, IReadOnlyDictionary<string, string> headers, IReadOnlyDictionary<string, string> targets)
    {
        var all = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in headers.Concat(targets))
        {
            all[name] = value;
        }

        if (all.ContainsKey("content-type"))
        {
            request.Content?.Headers.Remove("content-type");
        }

        foreach (var (name, value) in all.Where(header => !NotOurs.Contains(header.Key)))
        {
            var isOfContent = name.StartsWith("content-", StringComparison.OrdinalIgnoreCase);
            if ((isOfContent ? request.Content?.Headers.TryAddWithoutValidation(name, value) : request.Headers.TryAddWithoutValidation(name, value)) == false)
            {
                return name;
            }
        }

        return null;
    }

    /// <summary>Whether a name is a token (RFC 9110) and what it holds printable ASCII: a line break would begin a header, or a request, of its own.</summary>
    public static bool IsValid(string name, string? value)
    {
        using var trial = new HttpRequestMessage { Content = new ByteArrayContent([]) };
        return value is not null && !value.Any(c => c is < ' ' or > '~')
            && (trial.Headers.TryAddWithoutValidation(name, value) || trial.Content.Headers.TryAddWithoutValidation(name, value));
    }
}
