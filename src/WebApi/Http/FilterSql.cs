using System.Globalization;
using System.Text;
using Npgsql;

namespace Bayou.Http;

/// <summary>
/// What a field holds; <see cref="Json"/> is whatever is in a JSON document: numbers where they are compared, else texts. Ids of traces and spans are hex.
/// </summary>
internal enum FieldType { Text, Integer, Number, Time, Json, TraceId, SpanId }

/// <summary>A field that lists can be filtered and ordered by.</summary>
/// <param name="Sql">The expression; never made of anything a caller sent.</param>
internal sealed record FilterField(string Name, string Sql, FieldType Type)
{
    /// <summary>A value that stands at <c>{0}</c> in the expression.</summary>
    public object? Argument { get; init; }

    /// <summary>Whether a missing value is stored as empty text; answers and filters treat it as null.</summary>
    public bool IsEmptyNull { get; init; }

    /// <summary>For a field that is stored otherwise than it is named: the values that a text stands for, null when it stands for none.</summary>
    public Func<string, long[]?>? Stored { get; init; }

    /// <summary>If the stored values stand for all values except some, returns those exceptions; null if they stand for themselves.</summary>
    public Func<long[], long[]?>? AllBut { get; init; }

    /// <summary>For a field that an index finds by another condition: that it is a value. Else they are compared.</summary>
    public Func<FilterSql, FilterField, string, string>? Same { get; init; }

    /// <summary>What <see cref="Stored"/> takes, as in <c>must be …</c>.</summary>
    public string StoredKind { get; init; } = "";
}

/// <summary>Turns <c>field__op=value</c> into SQL. Values travel as parameters only; conditions are joined by AND.</summary>
internal sealed class FilterSql
{
    private static readonly Dictionary<string, string> Comparisons = new(StringComparer.Ordinal)
    {
        ["eq"] = "=", ["ne"] = "<>", ["gt"] = ">", ["gte"] = ">=", ["lt"] = "<", ["lte"] = "<=",
    };

    // The pattern around the escaped value, and whether case and marks make a difference.
    private static readonly Dictionary<string, (string Sql, string Before, string After, bool IsFolded)> Patterns = new(StringComparer.Ordinal)
    {
        ["like"] = ("LIKE", "%", "%", false), ["ilike"] = ("LIKE", "%", "%", true),
        ["notlike"] = ("NOT LIKE", "%", "%", false), ["notilike"] = ("NOT LIKE", "%", "%", true),
        ["startswith"] = ("LIKE", "", "%", false), ["endswith"] = ("LIKE", "%", "", false),
        ["istartswith"] = ("LIKE", "", "%", true), ["iendswith"] = ("LIKE", "%", "", true),
    };

    private const int MaxListed = 1_000;
    private readonly List<string> _conditions = [];
    private readonly List<string> _bounds = []; // conditions of how far to look, which an index answers
    private readonly List<object> _values = [];

    public static IEnumerable<string> Operators =>
        [.. Comparisons.Keys, .. Patterns.Keys, "in", "notin", "between", "isnull", "isnotnull"];

    /// <summary>The conditions for after WHERE.</summary>
    public string Where => _conditions.Count + _bounds.Count == 0 ? "true" : string.Join(" AND ", _bounds.Concat(_conditions));

    /// <summary>Only those that <see cref="Bound"/> added.</summary>
    public string Bounds => _bounds.Count == 0 ? "true" : string.Join(" AND ", _bounds);

    /// <summary>Whether there are others than bounds.</summary>
    public bool IsSelective => _conditions.Count > 0;

    /// <summary>Adds a condition of our own; each <c>{n}</c> in it stands for a value.</summary>
    public void Add(FormattableString condition) => _conditions.Add(Sql(condition));

    /// <summary>Adds a condition of how far to look.</summary>
    public void Bound(FormattableString condition) => _bounds.Add(Sql(condition));

    /// <summary>Adds one filter.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public string? Add(FilterField field, string op, string value)
    {
        if (field.Same is { } same && op == "eq" && !value.Contains('\0', StringComparison.Ordinal))
        {
            _conditions.Add(same(this, field, value));
            return null;
        }

        if (field.Argument is { } argument)
        {
            field = field with { Sql = string.Format(CultureInfo.InvariantCulture, field.Sql, Parameter(argument)), Argument = null };
        }

        if (field.Stored is not null && op is "eq" or "ne" or "in" or "notin")
        {
            return Stored(field, value, isWanted: op is "eq" or "in");
        }

        if (field.Type == FieldType.Json && op is "gt" or "gte" or "lt" or "lte" or "between")
        {
            // Not as a double: of what jsonb holds, some is no double.
            field = new(field.Name, $"(CASE WHEN jsonb_typeof({field.Sql}) = 'number' THEN ({field.Sql})::numeric END)", FieldType.Json);
        }
        else if (field.Type == FieldType.Json)
        {
            field = new(field.Name, $"({field.Sql} #>> '{{}}')", FieldType.Text);
        }

        if (Comparisons.TryGetValue(op, out var comparison))
        {
            return One(field, value, parsed => $"{field.Sql} {comparison} {Placed(field, parsed)}");
        }

        if (Patterns.TryGetValue(op, out var pattern))
        {
            return field.Type != FieldType.Text || field.Stored is not null
                ? $"has no operator {op}, which is for text"
                : One(field, value, text =>
                    Like(field.Sql, pattern.Sql, Parameter(pattern.Before + Escape((string)text) + pattern.After), pattern.IsFolded));
        }

        return op switch
        {
            "in" => Many(field, value, 1, MaxListed, listed => $"{field.Sql} = ANY ({Parameter(listed)})"),
            "notin" => Many(field, value, 1, MaxListed, listed => $"{field.Sql} <> ALL ({Parameter(listed)})"),
            "between" =>
                Many(field, value, 2, 2, bounds => $"{field.Sql} BETWEEN {Placed(field, bounds.GetValue(0)!)} AND {Placed(field, bounds.GetValue(1)!)}"),
            "isnull" => Null(field, value, wanted: true),
            "isnotnull" => Null(field, value, wanted: false),
            _ => $"has no operator {op}; there are {string.Join(", ", Operators)}",
        };
    }

    /// <summary>Adds a search of our own expression for text, anywhere in it, whatever its case and marks.</summary>
    public void AddSearch(string sql, string text) => _conditions.Add(Like(sql, "LIKE", Parameter($"%{Escape(text)}%"), isFolded: true));

    /// <summary>The condition that an expression of our own is a text, whatever the case and marks of either.</summary>
    public string IsSame(string sql, string text) => Like(sql, "LIKE", Parameter(Escape(text)), isFolded: true);

    /// <summary>The same conditions, to add others to.</summary>
    public FilterSql Copy()
    {
        var copy = new FilterSql();
        copy._conditions.AddRange(_conditions);
        copy._bounds.AddRange(_bounds);
        copy._values.AddRange(_values);
        return copy;
    }

    /// <summary>Adds a condition that is already made, of expressions of our own and placeholders.</summary>
    public void AddSql(string condition) => _conditions.Add(condition);

    public void Bind(NpgsqlParameterCollection parameters)
    {
        foreach (var value in _values)
        {
            parameters.Add(new() { Value = value });
        }
    }

    /// <summary>A value as a parameter; returns its placeholder.</summary>
    public string Parameter(object value)
    {
        _values.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"${_values.Count}");
    }

    /// <summary>The values of a list: separated by commas; <c>\,</c> is a comma of a value, <c>\\</c> a backslash, and any other backslash itself.</summary>
    public static IReadOnlyList<string> ToValues(string list)
    {
        var values = new List<string>();
        var value = new StringBuilder();
        for (var at = 0; at < list.Length; at++)
        {
            if (list[at] == ',')
            {
                values.Add(value.ToString());
                value.Clear();
                continue;
            }

            at += list[at] == '\\' && at + 1 < list.Length && list[at + 1] is ',' or '\\' ? 1 : 0;
            value.Append(list[at]);
        }

        values.Add(value.ToString());
        return values;
    }

    /// <summary>The list that has these values.</summary>
    public static string ToList(IEnumerable<string?> values) => string.Join(',', values.Select(value =>
        (value ?? "").Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal)));

    /// <summary>For LIKE: the characters that mean something there mean themselves.</summary>
    public static string Escape(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("%", "\\%", StringComparison.Ordinal)
        .Replace("_", "\\_", StringComparison.Ordinal);

    private static string Like(string sql, string like, string pattern, bool isFolded) =>
        isFolded ? $"text_fold({sql}) {like} text_fold({pattern})" : $"{sql} {like} {pattern}";

    private string Sql(FormattableString condition) =>
        string.Format(CultureInfo.InvariantCulture, condition.Format, [.. condition.GetArguments().Select(value => Parameter(value!))]);

    private string? Stored(FilterField field, string value, bool isWanted)
    {
        var values = ToValues(value).Select(field.Stored!).ToList();
        if (values.Count > MaxListed || values.Contains(null))
        {
            return $"must be {field.StoredKind}, or several separated by commas";
        }

        AddStored(field, [.. values.SelectMany(stored => stored!)], isWanted);
        return null;
    }

    /// <summary>Adds that a field is, or is not, stored as one of some values.</summary>
    public void AddStored(FilterField field, long[] values, bool isWanted)
    {
        var others = field.AllBut?.Invoke(values);
        var isListed = isWanted == others is null;
        _conditions.Add((others ?? values) is [var only]
            ? $"{field.Sql} {(isListed ? "=" : "<>")} {Parameter(only)}"
            : $"{field.Sql} {(isListed ? "= ANY" : "<> ALL")} ({Parameter(others ?? values)})");
    }

    private string Placed(FilterField field, object value) => field.Type == FieldType.Json ? $"{Parameter(value)}::numeric" : Parameter(value);

    private string? One(FilterField field, string value, Func<object, string> condition)
    {
        if (field.Stored is not null)
        {
            if (field.Stored(value) is not [var stored, ..])
            {
                return $"must be {field.StoredKind}";
            }

            _conditions.Add(condition(stored));
            return null;
        }

        if (!TryParse(field.Type, value, out var parsed))
        {
            return $"must be {Kind(field.Type)}";
        }

        _conditions.Add(condition(parsed));
        return null;
    }

    private string? Many(FilterField field, string value, int least, int most, Func<Array, string> condition)
    {
        var parts = ToValues(value);
        if (parts.Count < least || parts.Count > most)
        {
            return least == most ? $"must be {least} values separated by a comma" : $"must be at most {most} values separated by commas";
        }

        var type = field.Type switch
        {
            FieldType.Text or FieldType.Json => typeof(string),
            FieldType.Integer => typeof(long),
            FieldType.Number => typeof(double),
            FieldType.TraceId => typeof(Guid),
            FieldType.SpanId => typeof(long),
            _ => typeof(DateTime),
        };
        var values = Array.CreateInstance(type, parts.Count);
        for (var i = 0; i < parts.Count; i++)
        {
            if (!TryParse(field.Type, parts[i], out var parsed))
            {
                return $"must be values separated by commas, each {Kind(field.Type)}";
            }

            values.SetValue(parsed, i);
        }

        _conditions.Add(condition(values));
        return null;
    }

    private string? Null(FilterField field, string value, bool wanted)
    {
        if (value is not ("" or "true" or "false"))
        {
            return "must be true or false";
        }

        var isNull = (value != "false") == wanted;
        _conditions.Add(field.IsEmptyNull ? $"{field.Sql} {(isNull ? "=" : "<>")} ''" : $"{field.Sql} IS {(isNull ? "" : "NOT ")}NULL");
        return null;
    }

    private static bool TryParse(FieldType type, string text, out object value)
    {
        switch (type)
        {
            case FieldType.Integer when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole):
                value = whole;
                return true;
            case FieldType.Number when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number):
                value = number;
                return true;
            case FieldType.Time when QueryReader.TryParseTime(text, out var time):
                value = time.UtcDateTime;
                return true;
            case FieldType.Json when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var inJson) && double.IsFinite(inJson):
                value = inJson.ToString("R", CultureInfo.InvariantCulture);
                return true;
            case FieldType.TraceId when Guid.TryParseExact(text, "N", out var trace):
                value = trace;
                return true;
            case FieldType.SpanId when text.Length == 16 && long.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var span):
                value = span;
                return true;
            case FieldType.Text when !text.Contains('\0', StringComparison.Ordinal): // PostgreSQL's text cannot hold it.
                value = text;
                return true;
            default:
                value = text;
                return false;
        }
    }

    private static string Kind(FieldType type) => type switch
    {
        FieldType.Integer => "a whole number",
        FieldType.Number or FieldType.Json => "a number",
        FieldType.TraceId => "the 32 hexadecimal digits of a trace's id",
        FieldType.SpanId => "the 16 hexadecimal digits of a span's id",
        FieldType.Time => "an ISO 8601 time with offset or Z, or Unix milliseconds",
        _ => "text without NUL",
    };
}
