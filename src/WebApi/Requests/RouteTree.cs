namespace Bayou.Requests;

/// <summary>
/// The endpoints of a service by their segments, to find those of which there are so many at one place that they are values. Not counted there are names as
/// programs have them (<c>GetOrder</c>), and whatever has several methods or continuations: that is a resource of its own, as <c>/orders</c> beside
/// <c>/users</c>.
/// </summary>
internal sealed class RouteTree
{
    /// <summary>So many names of one place may be names.</summary>
    public const int MostNames = 100;

    private const int FewContinuations = 3;

    private readonly Dictionary<string, Dictionary<string, Segment>> _places = [];

    /// <param name="isFromPath">Whether it was made of a raw path: only those are counted.</param>
    public void Add(string endpoint, bool isFromPath)
    {
        foreach (var (prefix, name, continuation) in Walk(endpoint))
        {
            if (!_places.TryGetValue(prefix, out var place))
            {
                _places[prefix] = place = [];
            }

            if (!place.TryGetValue(name, out var segment))
            {
                place[name] = segment = new();
            }

            segment.IsFromPath |= isFromPath;
            if (segment.Continuations.Count <= FewContinuations)
            {
                segment.Continuations.Add(continuation);
            }
        }
    }

    /// <summary>The first place of an endpoint where there would be too many names with it.</summary>
    /// <returns>The prefix before that place, and what is there; null where there is none.</returns>
    public (string Prefix, IReadOnlyCollection<string> Names)? FindCrowded(string endpoint)
    {
        foreach (var (prefix, name, _) in Walk(endpoint))
        {
            if (_places.TryGetValue(prefix, out var place) && place.Count >= MostNames && !place.ContainsKey(name) && IsCounted(name)
                && place.Count(entry => entry.Value.IsFromPath && entry.Value.Continuations.Count <= FewContinuations && IsCounted(entry.Key)) >= MostNames)
            {
                return (prefix, place.Keys);
            }
        }

        return null;
    }

    private static bool IsCounted(string name) => !name.StartsWith(RouteTemplates.Variable, StringComparison.Ordinal) && !RouteWords.IsOfProgram(name);

    private static IEnumerable<(string Prefix, string Name, string Continuation)> Walk(string endpoint)
    {
        var (method, segments) = RouteVariables.Split(endpoint);
        var prefix = "";
        for (var i = 0; i < segments.Length; i++)
        {
            yield return (prefix, segments[i], $"{method} {string.Join('/', segments[(i + 1)..])}");
            prefix = $"{prefix}/{segments[i]}";
        }
    }

    private sealed class Segment
    {
        public bool IsFromPath { get; set; }

        public HashSet<string> Continuations { get; } = [];
    }
}
