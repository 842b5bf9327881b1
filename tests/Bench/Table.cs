using System.Text;
using System.Text.Json;

namespace Bayou.Bench;

/// <summary>What was measured, each figure beside its limit in the same run and the aim.</summary>
internal sealed class Table
{
    private readonly List<(string What, string Measured, string Beside, string Aim)> _rows = [];

    /// <summary>Also says so at once: a run takes minutes, and may end before its time.</summary>
    public void Add(string what, string measured, string beside, string aim)
    {
        _rows.Add((what, measured, beside, aim));
        Console.Error.WriteLine(Line(_rows[^1]));
    }

    public string ToJson() =>
        JsonSerializer.Serialize(_rows.Select(row => new { what = row.What, measured = row.Measured, beside = row.Beside, aim = row.Aim }));

    /// <summary>As Markdown has it.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("| what | measured | beside it | aim |\n|---|---|---|---|\n");
        foreach (var row in _rows)
        {
            text.Append(Line(row)).Append('\n');
        }

        return text.ToString();
    }

    private static string Line((string What, string Measured, string Beside, string Aim) row) => $"| {row.What} | {row.Measured} | {row.Beside} | {row.Aim} |";
}
