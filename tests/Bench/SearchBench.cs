using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bayou.Bench;

/// <summary>
/// How well searches find the statements that somebody has labelled, over all sets at once: nDCG@10 (Järvelin, Kekäläinen: "Cumulated gain-based evaluation of
/// IR techniques", TOIS 20(4), 2002), each statement counted where its first line is, and whether any of the first ten is right. Again within each question's
/// own set, as one who knows which service he asks about does.
/// </summary>
internal sealed class SearchBench(Server server, BenchDatabase database, Table table, string folder, string queries)
{
    private const int First = 10;
    private const int Asked = 300; // lines, so that ten statements are among them
    private const int Resamples = 2_000;
    private static readonly string[] Modes = ["keyword", "semantic", "hybrid"];
    private static readonly string[] Nonsense = ["zzz", "flibbertigibbet", "asdf qwerty", "xyzzy plugh"];

    public async Task RunAsync()
    {
        var lines = Directory.EnumerateFiles(folder, "*.csv").Order(StringComparer.Ordinal).SelectMany(LabelledLine.Read).ToList();
        var statements = lines.DistinctBy(line => (line.Set, line.Content)).ToDictionary(line => (line.Set, line.Content), line => line.EventId);
        var questions = File.ReadLines(queries).Select(Question.Of).ToList();
        await FillAsync(lines);
        var chance = questions.Average(question => Chance(question, lines));
        var found = new Dictionary<string, List<(double Gain, bool IsHit, bool IsEarly)>>();
        foreach (var mode in Modes)
        {
            var times = new List<double>();
            var results = new List<(double, bool, bool)>();
            foreach (var question in questions)
            {
                var clock = Stopwatch.StartNew();
                var ranking = await RankAsync(question.Words, mode, statements);
                times.Add(clock.Elapsed.TotalMilliseconds);
                results.Add((question.Gain(ranking), ranking.Take(First).Any(question.Grades.ContainsKey), ranking.Take(3).Any(question.Grades.ContainsKey)));
            }

            found[mode] = results;
            times.Sort();
            var (low, high) = Interval(results.ConvertAll(result => result.Item1));
            table.Add(string.Create(CultureInfo.InvariantCulture, $"search, {mode}: nDCG@10 of {questions.Count} questions"),
                string.Create(CultureInfo.InvariantCulture, $"{results.Average(r => r.Item1):0.000}"),
                string.Create(CultureInfo.InvariantCulture,
                    $"95 % of resamples from {low:0.000} to {high:0.000}; {times[times.Count / 2]:0} ms, p95 {times[times.Count * 95 / 100]:0} ms"),
                mode == "hybrid" ? "≥ 0.45" : "");
            table.Add($"search, {mode}: right among the first ten, first three", $"{results.Count(r => r.Item2)}, {results.Count(r => r.Item3)}",
                $"of {questions.Count}", "");
        }

        foreach (var other in Modes[..2])
        {
            var differences = found["hybrid"].Zip(found[other], (a, b) => a.Gain - b.Gain).ToList();
            var (low, high) = Interval(differences);
            table.Add($"search: nDCG@10 of hybrid above {other}", string.Create(CultureInfo.InvariantCulture, $"{differences.Average():0.000}"),
                string.Create(CultureInfo.InvariantCulture, $"95 % of resamples from {low:0.000} to {high:0.000}"), "> 0");
        }

        var inSet = new List<(double Gain, bool IsEarly)>();
        foreach (var question in questions)
        {
            var ranking = await RankAsync(question.Words, "hybrid", statements, question.Set);
            inSet.Add((question.Gain(ranking), ranking.Take(3).Any(question.Grades.ContainsKey)));
        }

        table.Add("search, hybrid, in the lines of one set: nDCG@10",
            string.Create(CultureInfo.InvariantCulture, $"{inSet.Average(result => result.Gain):0.000}"),
            $"{inSet.Count(result => result.IsEarly)} of {questions.Count} right among the first three", "≥ 70 %");
        table.Add("search: memory, with the model", $"{server.Megabytes:0} MB", "", "≤ 420 MB");
        table.Add("search: nDCG@10 by chance", string.Create(CultureInfo.InvariantCulture, $"{chance:0.000}"), "", "");
        foreach (var words in Nonsense)
        {
            table.Add($"search: lines found for {words}", $"{(await RankAsync(words, "hybrid", statements)).Count}", "", "0");
        }
    }

    private async Task FillAsync(List<LabelledLine> lines)
    {
        var time = DateTimeOffset.UtcNow.AddHours(-1);
        foreach (var chunk in lines.Chunk(5_000))
        {
            var body = new StringBuilder();
            foreach (var line in chunk)
            {
                time = time.AddMilliseconds(100);
                var source = line.Component.Length > 0 ? line.Component : line.Set;
                body.Append(JsonSerializer.Serialize(new { source, service = line.Set, level = "info", message = line.Content, time })).Append('\n');
            }

            await server.SendAsync(Encoding.UTF8.GetBytes(body.ToString()), "/ingest/v1/logs");
        }

        // A search by meaning has vectors made.
        while (await database.ScalarAsync("SELECT count(*) FROM pg_class WHERE relname = 'search_vectors_minilm'") == 0 || await MissingAsync() > 0)
        {
            await RankAsync("anything", "semantic", []);
            await Task.Delay(500);
        }
    }

    private Task<double> MissingAsync() => database.ScalarAsync("""
        SELECT count(*) FROM log_patterns p LEFT JOIN search_vectors_minilm v ON v.item_id = p.id
         WHERE p.merged_into IS NULL AND v.revision IS DISTINCT FROM p.revision
        """);

    /// <summary>Statements in the order in which their first lines come.</summary>
    private async Task<List<string>> RankAsync(
        string words, string mode, Dictionary<(string Set, string Content), string> statements, string? service = null)
    {
        var of = service is null ? "" : $"&service={service}";
        var url = new Uri(server.Url, $"/logs?sort=relevance&limit={Asked}&mode={mode}&search={Uri.EscapeDataString(words)}{of}");
        var answer = JsonNode.Parse(await server.Http.GetStringAsync(url))!;
        return [.. answer["data"]!.AsArray().Select(row => ((string)row!["service"]!, (string)row["message"]!))
            .Select(line => statements.TryGetValue(line, out var id) ? $"{line.Item1}:{id}" : "").Distinct()];
    }

    private static double Chance(Question question, List<LabelledLine> lines)
    {
        var random = new Random(1);
        var all = lines.Select(line => $"{line.Set}:{line.EventId}").Distinct().ToArray();
        return Enumerable.Range(0, 100).Average(_ => question.Gain([.. random.GetItems(all, First)]));
    }

    /// <summary>Of the mean, by the bootstrap (Efron: "Bootstrap methods: another look at the jackknife", Annals of Statistics 7(1), 1979).</summary>
    private static (double Low, double High) Interval(List<double> values)
    {
        var random = new Random(1);
        var means = Enumerable.Range(0, Resamples).Select(_ => Enumerable.Range(0, values.Count).Average(_ => values[random.Next(values.Count)])).Order()
            .ToList();
        return (means[Resamples / 40], means[Resamples - (Resamples / 40) - 1]);
    }

    /// <param name="Grades">By set and EventId: 2 is what was asked for, 1 helps too.</param>
    private sealed record Question(string Set, string Words, IReadOnlyDictionary<string, int> Grades)
    {
        public static Question Of(string line)
        {
            var fields = line.Split('\t');
            return new(fields[0], fields[1], fields[2].Split(',').Select(label => label.Split(':'))
                .ToDictionary(label => $"{fields[0]}:{label[0]}", label => int.Parse(label[1], CultureInfo.InvariantCulture)));
        }

        public double Gain(IReadOnlyList<string> ranking) =>
            Sum(ranking.Distinct().Take(First).Select(id => Grades.GetValueOrDefault(id))) / Sum(Grades.Values.OrderDescending().Take(First));

        private static double Sum(IEnumerable<int> grades) => grades.Select((grade, rank) => (Math.Pow(2, grade) - 1) / Math.Log2(rank + 2)).Sum();
    }
}
