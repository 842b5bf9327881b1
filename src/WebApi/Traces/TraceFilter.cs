using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bayou.Http;
using Bayou.Search;
using Bayou.Segments;
using Bayou.Logs;

namespace Bayou.Traces;

/// <summary>Which spans are asked for: fields, attributes, range of time and search.</summary>
internal static class TraceFilter
{
    /// <summary>What a search looks in.</summary>
    private const string SearchedText = "(service || E'\\n' || name || E'\\n' || endpoint || E'\\n' || status_message)";

    public static IReadOnlyList<(string Name, string Meaning)> Parameters { get; } =
    [
        ("start_date", "Spans that began then or later."), ("end_date", "Spans that began before."),
        ("spans", "Which of a trace: all, entries (where it, or its part in a service, begins) or roots (where it begins)."),
        ("search",
            "Words that must all be in service, name, endpoint or status message; \"phrases\" that must be there, -such that must not be; service:, trace:."),
    ];

    public static QuerySpec Spec(params IReadOnlyList<(string Name, string Meaning)> parameters) => new([.. parameters, .. Parameters],
    [
        new("id", "id", FieldType.Integer), new("trace_id", "trace_id", FieldType.TraceId), new("span_id", "span_id", FieldType.SpanId),
        new("parent_span_id", "nullif(parent_id, 0)", FieldType.SpanId), new("service", "service", FieldType.Text), new("name", "name", FieldType.Text),
        OrNone("endpoint"), Named("kind", SpanNames.Kinds), Named("status", SpanNames.Statuses), OrNone("status_message"),
        new("status_code", "nullif(status_code, 0)", FieldType.Integer), new("duration", "duration", FieldType.Number),
        new("timestamp", "created_at", FieldType.Time), new("ingested_at", "ingested_at", FieldType.Time), OrNone("scope"), OrNone("trace_state"),
    ])
    {
        Inside =
        [
            new("attributes", "attribute_at(attributes, {0})", FieldType.Json) { Same = (sql, field, value) => Has(sql, "attributes", field, value) },
            new("resource", "attribute_at((SELECT r.resource FROM span_resources r WHERE r.id = resource_id), {0})", FieldType.Json)
            {
                Same = (sql, field, value) => $"resource_id IN (SELECT r.id FROM span_resources r WHERE {Has(sql, "r.resource", field, value)})",
            },
        ],
    };

    /// <summary>Reads what is asked for; what is wrong with it, the query says.</summary>
    public static TraceSelection Read(QueryReader query)
    {
        var sql = new FilterSql();
        var (start, end) = SegmentSelection.Range(query);
        query.Filters(sql);
        switch (query.Choice("spans", "all", "entries", "roots"))
        {
            case "entries":
                sql.AddSql("is_entry");
                break;
            case "roots":
                sql.AddSql("parent_id = 0");
                break;
        }

        return query.Text("search") is { Length: > 0 } text ? AddSearch(query, new(sql, start, end), text) : new(sql, start, end);
    }

    private static TraceSelection AddSearch(QueryReader query, TraceSelection selection, string text)
    {
        var sql = selection.Sql;
        if (text.Length > SearchText.Longest || text.Contains('\0', StringComparison.Ordinal))
        {
            query.Fail("search", $"must be of at most {SearchText.Longest} characters, none of them NUL");
            return selection;
        }

        var search = SearchText.Parse(text);
        if (search.Count > SearchText.Most)
        {
            query.Fail("search", $"has more than {SearchText.Most} words and conditions");
        }

        string[] words = [.. search.Words.Concat(search.Required).Select(Beginning)];
        foreach (var word in words)
        {
            sql.AddSql(Contains(sql, word));
        }

        foreach (var word in search.Excluded)
        {
            sql.AddSql($"NOT {Contains(sql, word)}");
        }

        foreach (var term in search.Terms)
        {
            switch (term.Field)
            {
                case "service":
                    sql.AddSql((term.IsNegated ? "NOT " : "") + sql.IsSame("service", term.Value));
                    break;
                case "trace" when Guid.TryParseExact(term.Value, "N", out var trace):
                    sql.AddSql($"trace_id {(term.IsNegated ? "<>" : "=")} {sql.Parameter(trace)}");
                    break;
                case "trace":
                    query.Fail("search", "has trace: with what is not the 32 hexadecimal digits of a trace's id");
                    break;
                default:
                    query.Fail("search", $"has {term.Field}:, which spans have not; there are service: and trace:");
                    break;
            }
        }

        return selection with { Words = words, HasText = search.Count > 0 };
    }

    private static string Contains(FilterSql sql, string word) =>
        $"text_fold({SearchedText}) LIKE {sql.Parameter($"%{FilterSql.Escape(TextFold.Of(Beginning(word)))}%")}";

    /// <summary>A word that ends with <c>*</c> is whatever begins so.</summary>
    private static string Beginning(string word) => word.Length > 1 && word[^1] == '*' ? word[..^1] : word;

    /// <summary>That an attribute is a value: a text, or a number or a truth value that is written so. By its name with dots, or within objects.</summary>
    private static string Has(FilterSql sql, string column, FilterField field, string value)
    {
        var path = (string[])field.Argument!;
        string[][] places = path.Length == 1 ? [path] : [[string.Join('.', path)], path];
        var conditions =
            from place in places
            from written in Written(value)
            select $"{column} @> {sql.Parameter(Nested(place, written))}::jsonb";
        return $"({string.Join(" OR ", conditions)})";
    }

    private static IEnumerable<JsonNode> Written(string value)
    {
        yield return JsonValue.Create(value);
        if (decimal.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            yield return JsonValue.Create(number);
        }
        else if (value is "true" or "false")
        {
            yield return JsonValue.Create(value == "true");
        }
        else if (value is ['[', ..] or ['{', ..] && Parsed(value) is { } parsed)
        {
            yield return parsed;
        }
    }

    /// <returns>Null for what only begins like JSON.</returns>
    private static JsonNode? Parsed(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Nested(string[] path, JsonNode value)
    {
        foreach (var name in path.Reverse())
        {
            value = new JsonObject { [name] = value };
        }

        return value.ToJsonString();
    }

    /// <summary>A field that is stored as its place among names.</summary>
    private static FilterField Named(string name, string[] names) => new(name, name, FieldType.Integer)
    {
        Stored = text => Array.IndexOf(names, text) is >= 0 and var at ? [at] : null, StoredKind = $"one of {string.Join(", ", names)}",
    };

    private static FilterField OrNone(string name) => new(name, name, FieldType.Text) { IsEmptyNull = true };
}

/// <summary>What was asked for.</summary>
internal sealed record TraceSelection(FilterSql Sql, DateTime? Start, DateTime? End) : SegmentSelection(Sql, Start, End)
{
    /// <summary>That must all be in a span.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Whether it is narrowed by a search.</summary>
    public bool HasText { get; init; }

    /// <summary>The same, to be narrowed anew by each look of a feed.</summary>
    public Task<SegmentSelection> AgainAsync(CancellationToken ct) => Task.FromResult<SegmentSelection>(this with { Sql = Sql.Copy() });
}
