namespace Bayou;

internal static class Repository
{
    /// <summary>The checkout that this was built in.</summary>
    public static string Root { get; } =
        AppContext.BaseDirectory[..AppContext.BaseDirectory.IndexOf($"{Path.DirectorySeparatorChar}artifacts{Path.DirectorySeparatorChar}",
            StringComparison.Ordinal)];
}
