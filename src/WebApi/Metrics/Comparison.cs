namespace Bayou.Metrics;

/// <summary>A figure beside the same of another range.</summary>
/// <param name="Change">As a part of <paramref name="Previous"/>; null where that is nothing.</param>
internal sealed record Comparison(double Value, double Previous, double? Change)
{
    public static Comparison Of(double value, double previous) => new(value, previous, ChangeOf(value, previous));

    public static double? ChangeOf(double value, double? previous) =>
        previous is > 0 and var before ? Math.Round((value - before) / before, 6) : null;
}
