namespace Bayou.Segments;

/// <summary>A value and how many rows have it.</summary>
internal sealed record FacetValue(string Value, long Count);

/// <summary>The values of fields in a range, each with its number of rows.</summary>
internal sealed class SegmentFacets
{
    private const int MostValues = 20;

    private readonly Dictionary<string, Dictionary<string, long>> _values;

    private SegmentFacets(IEnumerable<string> keys) => _values = keys.ToDictionary(key => key, _ => new Dictionary<string, long>());

    /// <param name="keys">Columns that are counted apart.</param>
    public static async Task<SegmentFacets> ReadAsync(SegmentCounts counts, SegmentWindow window, string[] keys, CancellationToken ct)
    {
        var facets = new SegmentFacets(keys);
        await counts.ReadAsync(
            window, window.Start, null, keys, $"{string.Join(", ", keys.Select(key => $"{key}::text"))}, sum(lines)::bigint",
            $"GROUPING SETS ({string.Join(", ", keys.Select(key => $"({key})"))})", reader =>
            {
                var at = Enumerable.Range(0, keys.Length).First(column => !reader.IsDBNull(column));
                var (values, value) = (facets._values[keys[at]], reader.GetString(at));
                values[value] = values.GetValueOrDefault(value) + reader.GetInt64(keys.Length);
            }, ct);
        return facets;
    }

    /// <summary>Of a field the most frequent values but the empty one, most first.</summary>
    public IEnumerable<FacetValue> Most(string key) => Most(_values[key]);

    public static IEnumerable<FacetValue> Most(Dictionary<string, long> values) => values.Where(pair => pair.Key.Length > 0)
        .OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(MostValues)
        .Select(pair => new FacetValue(pair.Key, pair.Value));
}
