using System.Globalization;
using Bayou.Http;

namespace Bayou.Metrics;

/// <summary>Some statuses, as codes and classes: <c>5xx,404</c>. Windows count by status but keep one latency sketch, so this narrows counts only.</summary>
internal sealed class StatusFilter(HashSet<int> codes, HashSet<int> classes)
{
    public static (string Name, string Meaning) Parameter { get; } =
        ("status", "Count only these statuses: codes and classes, as in 5xx,404. Latencies and error_rate are of all statuses.");

    /// <summary>Null when all statuses count.</summary>
    public static StatusFilter? Of(QueryReader query)
    {
        if (query.Text("status") is not { } text)
        {
            return null;
        }

        var (codes, classes) = (new HashSet<int>(), new HashSet<int>());
        foreach (var part in text.Split(','))
        {
            if (part.Length == 3 && part[0] is >= '1' and <= '5' && part.EndsWith("xx", StringComparison.OrdinalIgnoreCase))
            {
                classes.Add(part[0] - '0');
            }
            else if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is >= 100 and <= 599)
            {
                codes.Add(code);
            }
            else
            {
                query.Fail("status", "must be status codes and classes separated by commas, as in 5xx,404");
                return null;
            }
        }

        return new(codes, classes);
    }

    public bool Holds(int status) => codes.Contains(status) || classes.Contains(status / 100);

    /// <summary>Observations with any of the statuses.</summary>
    public long Count(WindowFigures figures) => figures.Statuses.Where(pair => Holds(pair.Key)).Sum(pair => pair.Value);
}
