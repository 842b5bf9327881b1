using System.Collections.Frozen;
using System.Globalization;

namespace Bayou.Projects;

/// <summary>The projects that are not deleted, as a node knows them.</summary>
/// <param name="all">Their limits, by id.</param>
internal sealed class ProjectBook(IEnumerable<KnownProject> all)
{
    public static readonly ProjectBook Empty = new([]);

    private readonly FrozenDictionary<int, KnownProject> _byId = all.ToFrozenDictionary(project => project.Id);
    // Names that only PostgreSQL tells apart mean none.
    private readonly FrozenDictionary<string, int> _byName = all.GroupBy(project => project.Name, StringComparer.OrdinalIgnoreCase)
        .Where(alike => alike.Count() == 1).ToFrozenDictionary(alike => alike.Key, alike => alike.Single().Id, StringComparer.OrdinalIgnoreCase);

    public IEnumerable<int> Ids => _byId.Keys;

    public KnownProject? Of(int id) => _byId.GetValueOrDefault(id);

    /// <param name="text">An id, or a name.</param>
    /// <returns>Null where there is no such project.</returns>
    public int? Find(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
        ? _byId.ContainsKey(id) ? id : null
        : _byName.TryGetValue(text, out var named) ? named : null;

    public bool IsSame(ProjectBook other) => _byId.Count == other._byId.Count && _byId.Values.All(project => other.Of(project.Id) == project);
}

/// <summary>A project and what it may.</summary>
/// <param name="QueriesPerMinute">Of all keys together; null for no limit, as <paramref name="IngestPerMinute"/>.</param>
internal sealed record KnownProject(int Id, string Name, int? QueriesPerMinute, int? IngestPerMinute);
