namespace Bayou.Requests;

/// <summary>
/// Segments of a service's paths that are values because there are so many of them under one prefix, though each by itself could be a name: user names, say.
/// What is in it never changes, and there is one for all nodes: whatever a path means on one, it means on all. It is a part of <see cref="SeriesRegistry"/>.
/// </summary>
internal sealed class RouteVariables
{
    public static readonly RouteVariables None = new([]);

    private readonly Dictionary<string, HashSet<string>> _keptByPrefix;

    private RouteVariables(Dictionary<string, HashSet<string>> keptByPrefix) => _keptByPrefix = keptByPrefix;

    /// <summary>The same, and one more.</summary>
    /// <param name="prefix">The template before the segment; empty for the first.</param>
    /// <param name="kept">Segments there that have series already: what is stored is not renamed.</param>
    public RouteVariables With(string prefix, IEnumerable<string> kept) => new(new(_keptByPrefix) { [prefix] = [.. kept] });

    /// <summary>What an endpoint, of a raw path, is called.</summary>
    public string Apply(string endpoint)
    {
        if (_keptByPrefix.Count == 0)
        {
            return endpoint;
        }

        var (method, segments) = Split(endpoint);
        var prefix = "";
        foreach (var segment in segments)
        {
            var isValue = _keptByPrefix.TryGetValue(prefix, out var kept) && !kept.Contains(segment);
            prefix = $"{prefix}/{(isValue ? RouteSegment.ValueLike(segment) : segment)}";
        }

        return segments.Length == 0 ? endpoint : $"{method} {prefix}";
    }

    public static (string Method, string[] Segments) Split(string endpoint)
    {
        var path = endpoint.IndexOf('/', StringComparison.Ordinal);
        return path <= 0 ? (endpoint, []) : (endpoint[..(path - 1)], endpoint[(path + 1)..].Split('/', StringSplitOptions.RemoveEmptyEntries));
    }
}
