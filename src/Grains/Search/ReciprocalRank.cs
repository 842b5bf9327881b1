namespace Bayou.Search;

/// <summary>
/// What a place in a ranking is worth, so that rankings can be added (Cormack, Clarke, Büttcher: "Reciprocal rank fusion outperforms Condorcet and individual
/// rank learning methods", SIGIR 2009).
/// </summary>
internal static class ReciprocalRank
{
    private const double Smoothing = 10; // 60 in the paper, for rankings of a thousand; found on the questions that may be tuned on

    /// <param name="rank">From 0.</param>
    public static double Of(int rank) => 1 / (Smoothing + rank);
}
