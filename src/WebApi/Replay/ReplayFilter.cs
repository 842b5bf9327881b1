using Bayou.Http;
using Bayou.Logs;
using Bayou.Projects;
using Bayou.Search;
using Bayou.Segments;

namespace Bayou.Replay;

/// <summary>Which captured requests are asked for: fields, range of time, search, and the pattern of a log line that they wrote.</summary>
internal sealed class ReplayFilter(
    CurrentProject project, PatternRegistry patterns, SegmentCatalogue<LogSegments> logs, LogLines lines, SnapshotMeanings meanings)
{
    private const int MostTraces = 2_000;
    private const string PatternField = "pattern_id";

    public static IReadOnlyList<(string Name, string Meaning)> Parameters { get; } =
    [
        ("start_date", "Requests that began then or later."), ("end_date", "Requests that began before."),
        ("search",
            "Words that must all be in path, query, bodies, error or user, or that mean the like of endpoint and error; \"phrases\" that must be there, -such "
                + "that must not be; begin* for a word that begins so; service:, trace:."),
        ("mode", "How search finds requests: hybrid, keyword or semantic."),
        (PatternField, $"Requests in whose trace a log line of this pattern is; the newest {MostTraces} lines of it are looked at."),
    ];

    public static QuerySpec Spec(params IReadOnlyList<(string Name, string Meaning)> parameters) => new([.. parameters, .. Parameters],
    [
        new("id", "id", FieldType.Integer), new("method", "method", FieldType.Text), new("path", "path", FieldType.Text),
        new("service", "service", FieldType.Text), new("endpoint", "endpoint", FieldType.Text), new("status_code", "status_code", FieldType.Integer),
        new("duration", "duration", FieldType.Number), new("timestamp", "created_at", FieldType.Time), new("ingested_at", "ingested_at", FieldType.Time),
        OrNone("query_string", "query"), OrNone("query"), OrNone("body"), OrNone("response_body"), OrNone("error"), OrNone("user_id"), OrNone("trace_id"),
        OrNone("version"), OrNone("stage"),
        OrNone("client_address"), OrNone("geo_country"), OrNone("geo_region"), OrNone("geo_city"), new("geo_source", "geo_source", FieldType.Text),
        new("geo_lat", "geo_lat", FieldType.Number), new("geo_lon", "geo_lon", FieldType.Number),
    ])
    {
        Inside = [new("headers", "(headers #> {0})", FieldType.Json)],
    };

    /// <summary>Of a project, those that were not deleted.</summary>
    public static FilterSql Visible(int project)
    {
        var sql = new FilterSql();
        sql.Bound($"id NOT IN (SELECT d.id FROM snapshot_deletions d WHERE d.project_id = {project})");
        return sql;
    }

    /// <summary>Reads what is asked for; what is wrong with it, the query says.</summary>
    public ReplaySelection Read(QueryReader query)
    {
        var (sql, counted) = (Visible(project.Id), new FilterSql());
        var (start, end) = SegmentSelection.Range(query);
        query.Filters(sql);
        if (query.Problem is null)
        {
            query.Filters(counted);
        }

        var selection = new ReplaySelection(sql, start, end, query.Integer(PatternField, 1, int.MaxValue))
        {
            Counted = counted, Mode = query.Choice("mode", "hybrid", "keyword", "semantic"),
        };
        if (query.Text("search") is not { Length: > 0 } text)
        {
            return selection;
        }

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

        foreach (var word in search.Required)
        {
            sql.AddSql(Contains(sql, word));
        }

        foreach (var word in search.Excluded)
        {
            sql.AddSql($"NOT {Contains(sql, word)}");
        }

        foreach (var term in search.Terms)
        {
            if (term.Field is not ("service" or "trace"))
            {
                query.Fail("search", $"has {term.Field}:, which captured requests have not; there are service: and trace:");
                continue;
            }

            sql.AddSql((term.IsNegated ? "NOT " : "") + sql.IsSame(term.Field == "trace" ? "trace_id" : "service", term.Value));
        }

        return selection with
        {
            Words = search.Words, HasWords = search.Words.Count + search.Required.Count > 0, IsNarrowed = true,
            IsByText = search.Words.Count + search.Required.Count + search.Excluded.Count + search.Terms.Count > 0,
        };
    }

    /// <summary>What a feed of a query is of.</summary>
    public async Task<SegmentSelection> FeedAsync(QueryReader query, CancellationToken ct) => await MatchingAsync(Read(query), ct);

    /// <summary>Narrows a selection to requests that fit its words, and in whose trace its pattern is.</summary>
    public async Task<ReplaySelection> MatchingAsync(ReplaySelection selection, CancellationToken ct)
    {
        if (selection.Words.Count > 0)
        {
            selection = selection with { Sql = selection.Sql.Copy() };
            var conditions = new List<string>();
            if (selection.Mode != "semantic")
            {
                conditions.Add($"({string.Join(" AND ", selection.Words.Select(word => Contains(selection.Sql, word)))})");
            }

            var near = selection.Mode == "keyword" ? [] : await meanings.NearAsync(selection.Words, selection.Mode == "semantic", ct);
            if (near.Length > 0 || conditions.Count == 0)
            {
                conditions.Add($"text_id = ANY ({selection.Sql.Parameter(near)})");
            }

            selection.Sql.AddSql($"({string.Join(" OR ", conditions)})");
        }

        if (selection.Pattern is not { } pattern)
        {
            return selection;
        }

        await patterns.FreshAsync(ct);
        var wanted = new LogSelection(new(), selection.Start, selection.End, "keyword");
        wanted.Sql.AddSql($"pattern_id = ANY ({wanted.Sql.Parameter(patterns.Book.NumbersOf([(int)pattern]))})");
        wanted.Sql.AddSql("trace_id <> ''");
        var found = await lines.FirstAsync(wanted.Of(await logs.ReadAsync(ct)), wanted.InRange(), SegmentOrder.Newest, MostTraces, ct);
        var matching = selection with { Sql = selection.Sql.Copy(), IsNarrowed = true };
        matching.Sql.AddSql($"trace_id = ANY ({matching.Sql.Parameter(found.Select(line => line.TraceId!).Distinct().ToArray())})");
        return matching;
    }

    private static string Contains(FilterSql sql, string word) =>
        $"{SnapshotSegments.SearchedText} ILIKE {sql.Parameter($"%{FilterSql.Escape(TextFold.Of(word.Length > 1 && word[^1] == '*' ? word[..^1] : word))}%")}";

    private static FilterField OrNone(string name, string? column = null) => new(name, column ?? name, FieldType.Text) { IsEmptyNull = true };
}

/// <summary>What was asked for.</summary>
/// <param name="Pattern">Of a log line in the same trace; null for whatever.</param>
internal sealed record ReplaySelection(FilterSql Sql, DateTime? Start, DateTime? End, long? Pattern) : SegmentSelection(Sql, Start, End)
{
    /// <summary>To be searched for, beside phrases.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    public string Mode { get; init; } = "hybrid";

    /// <summary>Whether it has words to search for.</summary>
    public bool HasWords { get; init; }

    /// <summary>Whether it is narrowed by more than fields.</summary>
    public bool IsNarrowed { get; init; }

    /// <summary>Whether what is searched for says anything.</summary>
    public bool IsByText { get; init; }

    /// <summary>The fields alone.</summary>
    public FilterSql Counted { get; init; } = new();
}
