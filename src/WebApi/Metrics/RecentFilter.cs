using Bayou.Http;
using Bayou.Requests;

namespace Bayou.Metrics;

/// <summary>The filters of most polls, by name and by time, as they are on rows in memory. All others are for the database.</summary>
internal static class RecentFilter
{
    private static readonly string[] Fields = ["service", "endpoint"];
    private static readonly HashSet<string> Known =
        ["id__gt", "limit", "start_date", "end_date", .. Fields.SelectMany(field => (string[])[field, $"{field}__eq", $"{field}__in"])];

    /// <summary>What a row must be, or null where only SQL can tell.</summary>
    public static Func<RecentWindow, bool>? Of(QueryReader query)
    {
        if (!query.IsOf(Known))
        {
            return null;
        }

        var services = Wanted(query, "service");
        var endpoints = Wanted(query, "endpoint");
        var isTotal = query.Names("endpoint", SeriesName.ServiceTotal);
        var (start, end) = (query.Time("start_date")?.UtcDateTime, query.Time("end_date")?.UtcDateTime);
        var project = query.Project;
        return row => row.Project == project && (isTotal || row.Endpoint != SeriesName.ServiceTotal)
            && services.TrueForAll(names => names.Contains(row.Service)) && endpoints.TrueForAll(names => names.Contains(row.Endpoint))
            && !(row.WindowStart < start) && !(row.WindowStart >= end);
    }

    /// <summary>Every filter on the field as a list of names, all of which must have the row's.</summary>
    private static List<string[]> Wanted(QueryReader query, string field)
    {
        var wanted = new List<string[]>();
        foreach (var name in (string[])[field, $"{field}__eq"])
        {
            if (query.Text(name) is { } text)
            {
                wanted.Add([text]);
            }
        }

        if (query.Text($"{field}__in") is { } listed)
        {
            wanted.Add([.. FilterSql.ToValues(listed)]);
        }

        return wanted;
    }
}
