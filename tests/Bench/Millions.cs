using System.CommandLine.Parsing;
using System.Globalization;

namespace Bayou.Bench;

internal static class Millions
{
    /// <summary>Whole numbers, separated by commas.</summary>
    public static int[] Parse(ArgumentResult argument)
    {
        var parts = argument.Tokens.SelectMany(token => token.Value.Split(',')).ToList();
        if (parts.TrueForAll(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            return [.. parts.Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
        }

        argument.AddError("--growth needs millions of windows, as in 1,10,100");
        return [];
    }
}
