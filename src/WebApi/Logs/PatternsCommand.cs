using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Bayou.Logs;

/// <summary>
/// <c>./bayou patterns FILE</c>: for each line the number of its pattern, a tab and the pattern's template, as they are when all lines have
/// been read. The same miner as at ingest, without a server.
/// </summary>
internal static class PatternsCommand
{
    public const string Name = "patterns";

    /// <summary>Reads a file, or what comes in when none or <c>-</c> is named.</summary>
    /// <returns>The exit code: 0; 2 when the arguments or the file cannot be used.</returns>
    public static int Run(string[] arguments)
    {
        if (arguments.Length > 1)
        {
            Console.Error.WriteLine("bayou: patterns takes one file, or none to read what comes in");
            return 2;
        }

        try
        {
            using var input = arguments is [not "-" and { } file] ? new StreamReader(file) : new StreamReader(Console.OpenStandardInput());
            using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), bufferSize: 65_536);
            Run(input, output, Console.Error);
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"bayou: {e.Message}");
            return 2;
        }
    }

    internal static void Run(TextReader input, TextWriter output, TextWriter summary)
    {
        var miner = new LocalPatterns();
        var clock = Stopwatch.StartNew();
        var lines = new List<int>();
        while (input.ReadLine() is { } line)
        {
            lines.Add(miner.Add(line));
        }

        var took = clock.Elapsed;
        var templates = new Dictionary<int, string>();
        foreach (var line in lines)
        {
            var pattern = miner.Resolve(line);
            if (!templates.TryGetValue(pattern, out var template))
            {
                templates[pattern] = template = miner.Template(pattern);
            }

            output.Write(pattern.ToString(CultureInfo.InvariantCulture));
            output.Write('\t');
            output.Write(template);
            output.Write('\n');
        }

        summary.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{lines.Count:#,0} lines, {templates.Count:#,0} patterns, {took.TotalSeconds:0.00} s"));
    }
}
