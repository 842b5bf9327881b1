namespace Bayou.Http;

internal static class RouteExtensions
{
    /// <summary>What the API's document says of a route.</summary>
    public static void Describe(this RouteHandlerBuilder route, string name, string summary, QuerySpec spec) =>
        route.WithName(name).WithSummary(summary).WithMetadata(spec);
}
