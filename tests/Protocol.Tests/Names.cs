namespace Bayou.Ingest;

internal static class Names
{
    public static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A service that no other test has.</summary>
    public static string NewService() => $"s-{Guid.NewGuid():N}";
}
