using System.Text.Json.Serialization;
using Npgsql;

namespace Bayou.Http;

/// <summary>
/// What every list takes: paging, order, filters, and <c>id__gt</c>, by which a poller sees the latest revision
/// of every changed row, ascending, none skipped.
/// </summary>
internal sealed class ListQuery
{
    public const int DefaultLimit = 50;
    public const int MaxLimit = 1_000;

    public static IReadOnlyList<(string Name, string Meaning)> Parameters { get; } =
    [
        ("id__gt", "Only rows after this id, ascending; for polling. Not with order_by or offset."),
        ("id__lt", "Only rows before this id, descending; begin with last_id + 1 to page through all backwards."),
        ("limit", "Most rows, 1 to 1000; 50 unless told."),
        ("offset", "Rows to pass over."),
        ("order_by", "The field to order by."),
        ("order", "asc or desc."),
        ("search", "Text that the row must contain."),
    ];

    /// <param name="newestFirst">The order without a cursor and without order_by.</param>
    /// <param name="searchSql">What <c>search</c> looks in.</param>
    public ListQuery(QueryReader query, QuerySpec spec, FilterSql filter, string newestFirst, string searchSql)
    {
        After = query.Integer("id__gt", 0, long.MaxValue);
        Limit = (int)(query.Integer("limit", 1, MaxLimit) ?? DefaultLimit);
        Offset = query.Integer("offset", 0, int.MaxValue) ?? 0;
        var descending = query.Choice("order", "desc", "asc") == "desc";
        var field = query.Text("order_by") is { } name ? spec.Fields.FirstOrDefault(f => f.Name == name) : null;
        if (query.Has("order_by") && field is null)
        {
            query.Fail("order_by", $"must be one of {string.Join(", ", spec.Fields.Select(f => f.Name))}");
        }

        if (query.Has("id__gt"))
        {
            foreach (var other in (string[])["order_by", "offset", "order"])
            {
                if (query.Has(other))
                {
                    query.Fail(other, "does not go with id__gt, which has its own order");
                }
            }
        }

        var direction = descending ? "DESC" : "ASC";
        OrderBy = query.Has("id__gt") ? "w.id"
            : field is not null ? $"{field.Sql} {direction}, w.id {direction}"
            : query.Has("id__lt") ? "w.id DESC"
            : query.Text("order") == "asc" ? newestFirst.Replace("DESC", "ASC", StringComparison.Ordinal) : newestFirst;
        query.Filters(filter);
        if (query.Integer("id__lt", 0, long.MaxValue) is { } before)
        {
            filter.Add($"w.id < {before}");
        }

        if (After is { } after)
        {
            filter.Add($"w.id > {after}");
        }

        if (query.Text("search") is { Length: > 0 } search)
        {
            if (search.Contains('\0', StringComparison.Ordinal))
            {
                query.Fail("search", "must be text without NUL");
            }

            filter.AddSearch(searchSql, search);
        }
    }

    /// <summary>Adds the bounds of time that are asked for.</summary>
    /// <param name="time">The column, which they bound.</param>
    public static void Range(QueryReader query, FilterSql filter, string time)
    {
        if (query.Time("start_date") is { } start)
        {
            filter.AddSql($"{time} >= {filter.Parameter(start.UtcDateTime)}");
        }

        if (query.Time("end_date") is { } end)
        {
            filter.AddSql($"{time} < {filter.Parameter(end.UtcDateTime)}");
        }
    }

    /// <summary>How many rows there are, counted up to one more than <see cref="ListMetadata.CountedUpTo"/>.</summary>
    /// <param name="from">The tables, as in <c>FROM deploys w</c>.</param>
    public static async Task<long> CountAsync(NpgsqlDataSource db, string from, FilterSql filter, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"SELECT count(*) FROM (SELECT 1 {from} WHERE {filter.Where} LIMIT {ListMetadata.CountedUpTo + 1}) counted");
        filter.Bind(command.Parameters);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>The poller's cursor; null for a page of the whole list.</summary>
    public long? After { get; }

    public int Limit { get; }

    public long Offset { get; }

    /// <summary>SQL for after ORDER BY.</summary>
    public string OrderBy { get; }
}

/// <summary>The metadata of a page: of the whole list, or of what came after a cursor. A poller goes on from <see cref="LastId"/>.</summary>
internal record ListMetadata
{
    /// <summary>Totals are exact up to here, so that no list ever counts a whole table.</summary>
    public const int CountedUpTo = 10_000;

    public int Limit { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Offset { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Total { get; init; }

    public long LastId { get; init; }

    /// <summary>There are more than <see cref="Total"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool TotalIsLowerBound { get; init; }

    /// <summary>After a cursor: there are more at once.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? HasMore { get; init; }

    /// <summary>The cursor is of a database that has been replaced: begin anew.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Reset { get; init; }

    /// <param name="counted">How many there are, counted up to one more than <see cref="CountedUpTo"/>.</param>
    /// <param name="newest">The newest id that could be seen before the page was read.</param>
    public static ListMetadata Of(ListQuery list, long counted, long newest) => new()
    {
        Limit = list.Limit,
        Offset = list.Offset,
        Total = Math.Min(counted, CountedUpTo),
        LastId = newest,
        TotalIsLowerBound = counted > CountedUpTo,
    };
}
