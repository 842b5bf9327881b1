using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bayou.Monitor;

/// <summary>
/// Holds a request's endpoint and remembers the one that answered first: whatever runs the pipeline again for an error page
/// takes the endpoint away, or sets the error's status, and then puts its own in its place. It also marks a request that is
/// being recorded.
/// </summary>
internal sealed class RoutedEndpoint(HttpContext http) : IEndpointFeature
{
    private Endpoint? _endpoint = http.GetEndpoint();
    private Endpoint? _first;
    private bool _takenAway;

    public Endpoint? Endpoint
    {
        get => _endpoint;
        set
        {
            if (!_takenAway && (value is null || http.Response.StatusCode >= StatusCodes.Status400BadRequest))
            {
                (_first, _takenAway) = (_endpoint, true);
            }

            _endpoint = value;
        }
    }

    /// <summary>Of the request as it came, which may be none.</summary>
    public Endpoint? First => _takenAway ? _first : _endpoint;
}
