using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Bayou.Monitor;

/// <summary>The endpoint of the request that a line is logged in, by the name that its metrics have.</summary>
internal sealed class CurrentEndpoint(IHttpContextAccessor accessor, RouteNames routes)
{
    /// <summary>Null outside of requests, and where they have no route.</summary>
    public string? Name
    {
        get
        {
            try
            {
                return accessor.HttpContext is { } http && Of(http) is RouteEndpoint endpoint
                    ? $"{RouteNames.Method(http.Request.Method)} {routes.Of(endpoint)}" : null;
            }
            catch (ObjectDisposedException)
            {
                return null; // The line comes from work that goes on after its request.
            }
        }
    }

    private static Endpoint? Of(HttpContext http) => http.Features.Get<IEndpointFeature>() is RoutedEndpoint routed ? routed.First : http.GetEndpoint();
}
