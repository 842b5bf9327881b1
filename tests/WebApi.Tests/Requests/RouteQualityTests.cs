using System.Text.RegularExpressions;

namespace Bayou.Requests;

/// <summary>
/// How well values are told from names in paths as public APIs have them (Routes/*.tsv). Some were looked at while the rules were written, one half was not: it
/// says what the rules are worth on paths that nobody has thought of.
/// </summary>
public sealed partial class RouteQualityTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("tuned", 0.98)]
    [InlineData("held-out", 0.965)] // the aim is 0.98, see docs/performance.md
    [InlineData("third", 0.92)]
    [InlineData("hard", 0.92)] // names with digits, and values without, where they are rarest
    public void Values_and_names_are_told_apart(string half, double least)
    {
        var (right, missed, wrong) = (0, 0, 0);
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Routes", $"{half}.tsv")).Where(line => !line.StartsWith('#')))
        {
            var (path, truth) = line.Split('\t') is [var first, var second, ..] ? (first, second) : throw new InvalidDataException(line);
            var (expected, found) = (truth.Split('/'), RouteTemplates.FromPath(path).Split('/'));
            var differs = expected.Length != found.Length;
            for (var i = 1; i < Math.Min(expected.Length, found.Length); i++)
            {
                var (isValue, isFound) = (expected[i].Contains("{id}", StringComparison.Ordinal), found[i].Contains("{id}", StringComparison.Ordinal));
                var isRight = isValue ? IsSame(expected[i], found[i]) : !isFound || expected[i].Contains("{word}", StringComparison.Ordinal);
                right += isValue && isRight ? 1 : 0;
                missed += isValue && !isRight ? 1 : 0;
                wrong += isFound && !isRight ? 1 : 0;
                differs |= !isRight;
            }

            if (differs && half != "held-out")
            {
                output.WriteLine($"{path} is {truth}, not {string.Join('/', found)}");
            }
        }

        var (precision, recall) = ((double)right / (right + wrong), (double)right / (right + missed));
        output.WriteLine($"{half}: {right + missed} values; precision {precision:0.0000}, recall {recall:0.0000}");
        Assert.True(precision >= least && recall >= least, $"precision {precision:0.0000}, recall {recall:0.0000}");
    }

    /// <summary>
    /// No path tells whether a word is a name or a value. So it may stay, and what is nothing but an id and words, as 17-a-title.html, may be one value.
    /// </summary>
    private static bool IsSame(string expected, string found)
    {
        var words = Regex.Escape(expected).Replace(@"\{word}", "[^{}]*", StringComparison.Ordinal);
        var (name, extension) = Extension().Match(expected) is { Success: true } file ? (expected[..file.Index], file.Value) : (expected, "");
        return Regex.IsMatch(found, $"^{words}$")
            || (found == $"{{id}}{extension}" && !Regex.IsMatch(name.Replace("{id}", "").Replace("{word}", ""), "[A-Za-z0-9]"));
    }

    [GeneratedRegex(@"(?:\.tar)?\.[a-z0-9]{2,7}$")]
    private static partial Regex Extension();
}
