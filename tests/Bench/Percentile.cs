namespace Bayou.Bench;

internal static class Percentile
{
    /// <summary>By nearest rank.</summary>
    public static double Of(List<double> values, double quantile)
    {
        values.Sort();
        return values[(int)Math.Ceiling(values.Count * quantile) - 1];
    }
}
