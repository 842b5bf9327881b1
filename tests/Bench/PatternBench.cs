using System.Diagnostics;
using Bayou.Logs;

namespace Bayou.Bench;

/// <summary>
/// How well the miner finds true patterns: grouping accuracy, by which a line counts only if its group holds exactly the lines of one true template
/// (Zhu et al.: "Tools and benchmarks for automated log parsing", ICSE-SEIP 2019). One configuration for all sets.
/// </summary>
internal static class PatternBench
{
    private const int Rounds = 30; // of which the first are compiled for speed

    /// <param name="folder">Of CSV files with columns <c>Content</c> and <c>EventId</c>, as LogHub has them.</param>
    public static void Run(Table table, string folder)
    {
        var (accuracies, lines, took) = (new List<double>(), 0, TimeSpan.Zero);
        var known = new List<(LocalPatterns Patterns, List<string> Lines)>();
        foreach (var file in Directory.EnumerateFiles(folder, "*.csv").Order(StringComparer.Ordinal))
        {
            var rows = LabelledLine.Read(file);
            var patterns = new LocalPatterns();
            var clock = Stopwatch.StartNew();
            var numbers = rows.ConvertAll(row => patterns.Add(row.Content));
            took += clock.Elapsed;
            known.Add((patterns, rows.ConvertAll(row => row.Content)));
            lines += rows.Count;
            var found = numbers.ConvertAll(patterns.Resolve);
            accuracies.Add(Accuracy(found, rows.ConvertAll(row => row.EventId)));
            table.Add($"patterns: grouping accuracy, {Path.GetFileNameWithoutExtension(file)}", $"{accuracies[^1]:0.000}",
                $"{rows.Count:#,0} lines, {found.Distinct().Count()} patterns", "");
        }

        table.Add("patterns: grouping accuracy on average", $"{accuracies.Average():0.000}", $"{took.TotalSeconds / lines * 1e6:0.0} µs a line, cold",
            "> 0.95");
        table.Add("patterns: lines/s on one core, of known patterns", $"{Speed(known):#,0}", $"the fastest of {Rounds} rounds", "≥ 500,000");
    }

    private static double Speed(List<(LocalPatterns Patterns, List<string> Lines)> known) => Enumerable.Range(0, Rounds).Max(_ =>
    {
        var clock = Stopwatch.StartNew();
        foreach (var (patterns, lines) in known)
        {
            lines.ForEach(line => patterns.Add(line));
        }

        return known.Sum(set => set.Lines.Count) / clock.Elapsed.TotalSeconds;
    });

    private static double Accuracy(List<int> found, List<string> truth)
    {
        var groups = found.Zip(truth).ToLookup(pair => pair.First, pair => pair.Second);
        var sizes = truth.CountBy(id => id).ToDictionary();
        return groups.Where(group => group.Distinct().Count() == 1 && group.Count() == sizes[group.First()]).Sum(group => group.Count()) / (double)truth.Count;
    }
}
