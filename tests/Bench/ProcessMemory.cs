using System.Globalization;

namespace Bayou.Bench;

/// <summary>What /proc says of other processes.</summary>
internal static class ProcessFigures
{
    /// <param name="Ticks">Hundredths of a second of CPU.</param>
    /// <param name="TicksOfGone">Those of its children that have ended.</param>
    public readonly record struct One(int Id, long Ticks, long TicksOfGone);

    /// <summary>A process and its children.</summary>
    public static List<One> Family(int parent)
    {
        var family = new List<One>();
        foreach (var id in Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _))
            .Select(name => int.Parse(name!, CultureInfo.InvariantCulture)))
        {
            try
            {
                var text = File.ReadAllText($"/proc/{id}/stat");
                var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
                if (id == parent || Number(fields[1]) == parent)
                {
                    family.Add(new(id, Number(fields[11]) + Number(fields[12]), Number(fields[13]) + Number(fields[14])));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue; // It has ended meanwhile; its parent counts it.
            }
        }

        return family;
    }

    /// <summary>PSS: what a process has for itself, and its share of what it has with others.</summary>
    public static double ProportionalMegabytes(int id)
    {
        var line = File.ReadLines($"/proc/{id}/smaps_rollup").First(line => line.StartsWith("Pss:", StringComparison.Ordinal));
        return Number(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1_024 / 1e6;
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
