using System.Globalization;
using Bayou.Http;

namespace Bayou.Projects;

/// <summary>What is changed of a project; null for what stays, and of limits 0 for none.</summary>
internal sealed record ProjectChange(string? Name, int? MaxEndpoints, int? QueriesPerMinute, int? IngestPerMinute) : IBody;

/// <summary>What projects may be like; each answers with what is wrong, or null.</summary>
internal static class ProjectRules
{
    public const int Most = 1_000;
    private const int LongestName = 100;
    private const int MostLimit = 100_000_000;

    /// <remarks>A name of digits alone would be taken for an id.</remarks>
    public static FieldError? Name(string? name) =>
        string.IsNullOrWhiteSpace(name) || name.Length > LongestName || name.Any(char.IsControl) || name.Trim().All(char.IsAsciiDigit)
            ? new("name", $"must be a text of 1 to {LongestName} characters, not of digits alone") : null;

    public static FieldError? Limit(string field, int? limit) =>
        limit is null or (>= 0 and <= MostLimit) ? null
            : new(field, string.Create(CultureInfo.InvariantCulture, $"must be a whole number from 0 to {MostLimit}"));
}
