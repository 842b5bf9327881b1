using System.Globalization;
using Bayou.Http;
using Bayou.Search;
using Bayou.Segments;

namespace Bayou.Logs;

/// <summary>Which lines are asked for: fields, range of time and search.</summary>
internal sealed class LogFilter(PatternRegistry patterns, PatternPresence presence, LogSearch search)
{
    /// <summary>What a search looks in; the same text, character by character, as the index has.</summary>
    public const string SearchedText = "log_text(level, source, message, meta_text)";

    private const int MostRemote = 12; // patterns

    public static IReadOnlyList<(string Name, string Meaning)> Parameters { get; } =
    [
        ("start_date", "Lines of this time or later."), ("end_date", "Lines before this time."),
        ("search",
            "Words (message, source, level, values of meta), the more of them the better; \"phrases\" and +words that must be in a line, -such that must "
                + "not; begin* for any word that begins so; source:, service:, level:, pattern:, trace: for fields."),
        ("mode", "How search finds lines: hybrid, keyword or semantic."),
    ];

    private const string PatternField = "pattern_id";

    /// <summary>The pattern of a line, by any number that it ever had.</summary>
    private FilterField Pattern => new(PatternField, PatternField, FieldType.Integer)
    {
        Stored = text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? NumbersOf(id) : null,
        StoredKind = "the number of a pattern",

        // The pattern of all others is also that of lines whose own was let go.
        AllBut = numbers => numbers.Contains(patterns.Book.Other) ? [.. patterns.Book.Patterns.Select(id => (long)id).Except(numbers)] : null,
    };

    /// <summary>What lines can be filtered by.</summary>
    public static QuerySpec Spec(params IReadOnlyList<(string Name, string Meaning)> parameters) => new([.. parameters, .. Parameters],
    [
        new("id", "id", FieldType.Integer), new("source", "source", FieldType.Text), new("service", "service", FieldType.Text) { IsEmptyNull = true },
        new("level", "level", FieldType.Integer)
        {
            Stored = text => LogLevels.TryParse(text, out var level) ? [(long)level] : null,
            StoredKind = $"one of {string.Join(", ", LogLevels.Names)}",
        },
        new("message", "message", FieldType.Text),
        new(PatternField, PatternField, FieldType.Integer), new("trace_id", "trace_id", FieldType.Text) { IsEmptyNull = true },
        new("created_at", "created_at", FieldType.Time), new("ingested_at", "ingested_at", FieldType.Time),
    ])
    {
        // A dot leads into an object, or is part of a name: OpenTelemetry's have them, and so do many loggers'.
        Inside = [new("meta", "coalesce(meta #> {0}, meta -> array_to_string({0}, '.'), meta -> ({0})[1] -> array_to_string(({0})[2:], '.'))", FieldType.Json)],
    };

    /// <summary>Reads a query on lines of this project.</summary>
    public QueryReader Reader(HttpContext http, QuerySpec spec) =>
        new(http, spec with { Fields = [.. spec.Fields.Select(field => field.Name == PatternField ? Pattern : field)] });

    /// <summary>Reads what is asked for; what is wrong with it, the query says.</summary>
    public LogSelection Read(QueryReader query)
    {
        var sql = new FilterSql();
        var (start, end) = SegmentSelection.Range(query);
        query.Filters(sql);
        var mode = query.Choice("mode", "hybrid", "keyword", "semantic");
        var selection = new LogSelection(sql, start, end, mode);
        if (query.Problem is not null)
        {
            return selection;
        }

        if (query.Text("search") is { Length: > 0 } text)
        {
            if (text.Length > SearchText.Longest || text.Contains('\0', StringComparison.Ordinal))
            {
                query.Fail("search", $"must be of at most {SearchText.Longest} characters, none of them NUL");
                return selection;
            }

            selection.Search = SearchText.Parse(text);
            if (selection.Search.Count > SearchText.Most)
            {
                query.Fail("search", $"has more than {SearchText.Most} words and conditions");
                return selection;
            }

            foreach (var term in selection.Search.Terms)
            {
                if (Add(sql, term) is { } error)
                {
                    query.Fail("search", error);
                }
            }

            foreach (var phrase in selection.Search.Required)
            {
                sql.AddSql(Contains(sql, phrase));
            }

            foreach (var word in selection.Search.Excluded)
            {
                sql.AddSql($"NOT {Contains(sql, word)}");
            }
        }

        return selection;
    }

    /// <summary>What a feed of a query is of.</summary>
    public async Task<SegmentSelection> FeedAsync(QueryReader query, CancellationToken ct) => await MatchingAsync(Read(query), segments: null, ct);

    /// <summary>Narrows a selection to lines that fit its words in the requested mode, or to remotely similar ones if no others are known.</summary>
    /// <param name="segments">Those that are read; null for a feed, whose lines may be of any pattern.</param>
    public async Task<LogSelection> MatchingAsync(LogSelection selection, StoredSegments? segments, CancellationToken ct)
    {
        if (selection.Search.Words.Count == 0)
        {
            return selection;
        }

        var present = segments is null ? null : await presence.OfAsync(selection, segments, patterns.Book, ct);
        var ranked = await search.RankAsync(selection.Search.Words, selection.Mode, present, ct);
        var fitting = ranked.FindAll(pattern => !pattern.Match.IsRemote);
        var numbers = (fitting.Count > 0 ? fitting : ranked.Take(MostRemote)).Select(pattern => pattern.Pattern);
        var matching = selection with { Sql = selection.Sql.Copy() };
        var conditions = new List<string> { $"pattern_id = ANY ({matching.Sql.Parameter(patterns.Book.NumbersOf(numbers))})" };
        if (selection.Mode != "semantic")
        {
            conditions.Add($"({string.Join(" AND ", selection.Search.Words.Select(word => Contains(matching.Sql, word)))})");
        }

        matching.Sql.AddSql($"({string.Join(" OR ", conditions)})");
        return matching;
    }

    /// <summary>Every number under which lines of a pattern may be stored.</summary>
    private long[] NumbersOf(int pattern) => Array.ConvertAll(patterns.Book.NumbersOf(pattern), id => (long)id);

    /// <summary>The condition that a line has a word; one that ends with <c>*</c>, anything that begins so.</summary>
    public static string Contains(FilterSql sql, string word) =>
        $"{SearchedText} ILIKE {sql.Parameter($"%{FilterSql.Escape(TextFold.Of(word.Length > 1 && word[^1] == '*' ? word[..^1] : word))}%")}";

    private string? Add(FilterSql sql, SearchTerm term)
    {
        var not = term.IsNegated ? "NOT " : "";
        switch (term.Field)
        {
            case "level" when !LogLevels.TryParse(term.Value, out _):
                return $"has level:{term.Value}; there are {string.Join(", ", LogLevels.Names)}";
            case "level":
                _ = LogLevels.TryParse(term.Value, out var level);
                sql.AddSql($"{not}level = {sql.Parameter((short)level)}");
                return null;
            case "pattern" when !int.TryParse(term.Value, NumberStyles.None, CultureInfo.InvariantCulture, out _):
                return $"has pattern:{term.Value}, which is not a number";
            case "pattern":
                sql.AddStored(Pattern, NumbersOf(int.Parse(term.Value, CultureInfo.InvariantCulture)), isWanted: !term.IsNegated);
                return null;
            case "trace":
                sql.AddSql($"{not}trace_id = {sql.Parameter(term.Value)}");
                return null;
            default: // source and service
                sql.AddSql(not + sql.IsSame(term.Field, term.Value));
                return null;
        }
    }
}

/// <summary>What was asked for.</summary>
internal sealed record LogSelection(FilterSql Sql, DateTime? Start, DateTime? End, string Mode) : SegmentSelection(Sql, Start, End)
{
    public SearchText Search { get; set; } = SearchText.Parse("");
}
