using System.Globalization;
using System.Numerics;
using System.Text;
using Bayou.Access;
using Bayou.Projects;

namespace Bayou.Http;

/// <summary>What an address takes in its query; also what the API's document says of it.</summary>
/// <param name="Parameters">Name and meaning of each parameter that is not a filter.</param>
/// <param name="Fields">What can be filtered, as <c>field__op</c>.</param>
internal sealed record QuerySpec(IReadOnlyList<(string Name, string Meaning)> Parameters, IReadOnlyList<FilterField> Fields)
{
    /// <summary>Fields whose names the data decides, by the part before their first dot.</summary>
    public IReadOnlyList<FilterField> Inside { get; init; } = [];

    /// <summary>The field of a name; null when there is none.</summary>
    public FilterField? Field(string name) => Fields.FirstOrDefault(field => field.Name == name)
        ?? (InsideOf(name) is { } inside && name.Length > inside.Name.Length + 1 && !name.Contains('\0', StringComparison.Ordinal)
            ? inside with { Name = name, Argument = name[(inside.Name.Length + 1)..].Split('.') }
            : null);

    /// <summary>In what the data decides a name; null where it does not.</summary>
    public FilterField? InsideOf(string name) => Inside.FirstOrDefault(inside => name.StartsWith(inside.Name + ".", StringComparison.Ordinal));
}

/// <summary>
/// Reads a query string and gathers everything that is wrong with it; nothing is ignored. Names may be written
/// in camelCase too.
/// </summary>
internal sealed class QueryReader
{
    /// <summary>Each filter is a condition that every row is tried on.</summary>
    private const int MostParameters = 64;

    private readonly HttpContext _http;
    private readonly QuerySpec _spec;
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly List<FieldError> _errors = [];

    public QueryReader(HttpContext http, QuerySpec spec)
    {
        (_http, _spec) = (http, spec);
        if (http.Request.Query.Count > MostParameters)
        {
            Fail("query", $"has more than {MostParameters} parameters");
            return;
        }

        foreach (var (given, values) in http.Request.Query)
        {
            if (given == Callers.ProjectParameter)
            {
                continue; // The gate has read it.
            }

            var name = spec.InsideOf(given) is not null ? given : ToSnakeCase(given);
            var bare = PartsOf(name).Field;
            if (spec.Parameters.All(p => p.Name != name) && spec.Field(bare) is null)
            {
                var known = string.Join(", ", spec.Parameters.Select(p => p.Name).Concat(spec.Fields.Select(f => f.Name + "__op")));
                Fail(given, known.Length > 0 ? $"is not known here; there are {known}" : "is not known here; there are no parameters");
            }
            else if ((values.Count != 1 && !IsList(name)) || !_values.TryAdd(name, values.Count == 1 ? values.ToString() : FilterSql.ToList(values)))
            {
                Fail(name, "is given more than once");
            }
        }
    }

    /// <summary>That the question is about.</summary>
    public int Project => _http.Project();

    public void Fail(string field, string message) => _errors.Add(new(field, message));

    /// <summary>The answer when anything was wrong, else null.</summary>
    public ApiProblem? Problem => _errors.Count == 0 ? null : ApiProblem.Validation($"{_errors[0].Field} {_errors[0].Message}.", _errors);

    /// <summary>Whether it has no parameter but these.</summary>
    public bool IsOf(IReadOnlySet<string> names) => _values.Keys.All(names.Contains);

    public bool Has(string name) => _values.ContainsKey(name);

    public string? Text(string name) => _values.GetValueOrDefault(name);

    public long? Integer(string name, long least, long most) => Parsed(name, "a whole number", NumberStyles.AllowLeadingSign, least, most);

    public double? Number(string name, double least, double most) => Parsed(name, "a number", NumberStyles.Float, least, most);

    public DateTimeOffset? Time(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        var isTime = TryParseTime(text, out var time);
        if (Times.UnitProblem(Encoding.UTF8.GetBytes(text)) is { } problem)
        {
            Fail(name, problem);
        }
        else if (!isTime)
        {
            Fail(name, Times.Expected);
        }

        return time;
    }

    /// <summary>One of a few words; the first is the default.</summary>
    public string Choice(string name, params ReadOnlySpan<string> choices)
    {
        var value = Text(name) ?? choices[0];
        if (!choices.Contains(value))
        {
            Fail(name, $"must be one of {string.Join(", ", choices!)}");
        }

        return value;
    }

    /// <summary>Adds every <c>field__op</c> of the query to the filter, and says of each field whether it was named.</summary>
    public void Filters(FilterSql filter)
    {
        foreach (var (name, value) in _values.Where(pair => _spec.Parameters.All(p => p.Name != pair.Key)))
        {
            var (named, op) = PartsOf(name);
            if (filter.Add(_spec.Field(named)!, op, value) is { } error)
            {
                Fail(name, error);
            }
        }
    }

    /// <summary>Whether a filter on the field names this very value.</summary>
    public bool Names(string field, string value) =>
        _values.Any(pair => (pair.Key == field || pair.Key == field + "__eq" || pair.Key == field + "__in") && FilterSql.ToValues(pair.Value).Contains(value));

    /// <summary>Whether any filter on the field is other than this very value.</summary>
    public bool FiltersExcept(string field, string value) =>
        _values.Any(pair => PartsOf(pair.Key).Field == field && pair.Value != value);

    /// <summary>Whether all filters are on these fields.</summary>
    public bool FiltersOnly(IReadOnlySet<string> fields) =>
        _values.Keys.Where(key => _spec.Parameters.All(p => p.Name != key)).All(key => fields.Contains(PartsOf(key).Field));

    public bool Filters(string field) => _values.Keys.Any(name => PartsOf(name).Field == field);

    public static bool TryParseTime(string text, out DateTimeOffset time)
    {
        // The + of an offset arrives as a space where a caller did not escape it.
        var offset = text.LastIndexOf(' ');
        return Times.TryParse(offset > 16 ? text.Remove(offset, 1).Insert(offset, "+") : text, out time);
    }

    private T? Parsed<T>(string name, string kind, NumberStyles styles, T least, T most)
        where T : struct, INumber<T>
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (T.TryParse(text, styles, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
        {
            return value;
        }

        Fail(name, string.Create(CultureInfo.InvariantCulture, $"must be {kind} from {least} to {most}"));
        return null;
    }

    /// <summary>Whether several values may come as several parameters of one name: then a comma is one of theirs.</summary>
    private static bool IsList(string name) => name.EndsWith("__in", StringComparison.Ordinal) || name.EndsWith("__notin", StringComparison.Ordinal);

    /// <summary>The field and its operator. A name that the data decides may have underscores of its own: only an operator that there is ends it.</summary>
    private (string Field, string Operator) PartsOf(string name)
    {
        var at = _spec.InsideOf(name) is null ? name.IndexOf("__", StringComparison.Ordinal) : name.LastIndexOf("__", StringComparison.Ordinal);
        return at < 0 || (_spec.InsideOf(name) is not null && !FilterSql.Operators.Contains(name[(at + 2)..])) ? (name, "eq") : (name[..at], name[(at + 2)..]);
    }

    /// <summary>The field alone: an operator has one spelling.</summary>
    private static string ToSnakeCase(string name)
    {
        var end = name.IndexOf("__", StringComparison.Ordinal);
        var field = end < 0 ? name : name[..end];
        return string.Concat(field.Select(c => char.IsUpper(c) ? $"_{char.ToLowerInvariant(c)}" : $"{c}")) + name[field.Length..];
    }
}
