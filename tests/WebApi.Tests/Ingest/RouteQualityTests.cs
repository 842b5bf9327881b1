namespace Bayou.Ingest;

/// <summary>
/// How well values are told from names in paths as public APIs have them (Routes/*.tsv). One half was looked at while the rules were written, the other was not: it
/// says what the rules are worth on paths that nobody has thought of.
/// </summary>
public sealed class RouteQualityTests(ITestOutputHelper output)
{
    private const double Least = 0.95; // what it must not fall below; the aim is 0.98, see docs/performance.md

    [Theory]
    [InlineData("tuned")]
    [InlineData("held-out")]
    public void Values_and_names_are_told_apart(string half)
    {
        var (right, missed, wrong) = (0, 0, 0);
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Routes", $"{half}.tsv")).Where(line => !line.StartsWith('#')))
        {
            var (path, truth) = line.Split('\t') is [var first, var second, ..] ? (first, second) : throw new InvalidDataException(line);
            var (expected, found) = (truth.Split('/'), RouteTemplates.FromPath(path).Split('/'));
            var differs = expected.Length != found.Length;
            for (var i = 1; i < Math.Min(expected.Length, found.Length); i++)
            {
                // A word for a name could be either.
                var (isValue, isFound) = (expected[i].Contains("{id}", StringComparison.Ordinal), found[i].Contains("{id}", StringComparison.Ordinal));
                var isRight = isValue ? found[i] == expected[i] : !isFound || expected[i].Contains("{word}", StringComparison.Ordinal);
                right += isValue && isRight ? 1 : 0;
                missed += isValue && !isRight ? 1 : 0;
                wrong += isFound && !isRight ? 1 : 0;
                differs |= !isRight;
            }

            if (differs && half == "tuned")
            {
                output.WriteLine($"{path} is {truth}, not {string.Join('/', found)}");
            }
        }

        var (precision, recall) = ((double)right / (right + wrong), (double)right / (right + missed));
        output.WriteLine($"{half}: {right + missed} values; precision {precision:0.0000}, recall {recall:0.0000}");
        Assert.True(precision >= Least && recall >= Least, $"precision {precision:0.0000}, recall {recall:0.0000}");
    }
}
