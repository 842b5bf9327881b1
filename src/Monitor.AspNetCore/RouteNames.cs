using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.StaticAssets;

namespace Bayou.Monitor;

/// <summary>The name of a request's route: its template, never the raw path, of which there is no end.</summary>
internal sealed class RouteNames
{
    /// <summary>What matched no route: unknown addresses, and files.</summary>
    public const string Unmatched = "/{unmatched}";

    private const int MaxBytes = 2_000;

    // Clients can invent any other method, so those are unbounded.
    private static readonly FrozenSet<string> Methods = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY");

    private readonly ConditionalWeakTable<RouteEndpoint, string> _names = [];

    /// <summary>The method, where it is one that is known.</summary>
    public static string Method(string method) => Methods.Contains(method) ? method : "OTHER";

    public string Of(Endpoint? endpoint) => endpoint is RouteEndpoint route ? _names.GetValue(route, static route => Name(route)) : Unmatched;

    // Each file of MapStaticAssets is an endpoint, with a name that changes with its content.
    private static string Name(RouteEndpoint route) => route.Metadata.GetMetadata<StaticAssetDescriptor>() is null ? Name(route.RoutePattern) : Unmatched;

    /// <summary>
    /// The template without constraints and defaults, so that <c>/users/{id:int}</c> is <c>/users/{id}</c> as it is everywhere
    /// else; what a conventional route requires (its controller and action) is written out.
    /// </summary>
    internal static string Name(RoutePattern pattern)
    {
        var name = "/" + string.Join('/', pattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
        {
            RoutePatternLiteralPart literal => literal.Content,
            RoutePatternSeparatorPart separator => separator.Content,
            RoutePatternParameterPart parameter when pattern.RequiredValues.TryGetValue(parameter.Name, out var value)
                && value is string { Length: > 0 } text => text,
            RoutePatternParameterPart parameter => $"{{{parameter.Name}}}",
            _ => "",
        }))));
        return System.Text.Encoding.UTF8.GetByteCount(name) <= MaxBytes ? name : Unmatched;
    }
}
