using System.Net;

namespace Bayou.Monitor;

/// <summary>One finished request, as it waits to be sent; the route is its template, the time its start.</summary>
internal readonly record struct RequestObservation(
    string Method, string Route, int Status, long DurationMicros, long UnixMilliseconds,
    long RequestBytes, long ResponseBytes, string? TraceId, string? Country, IPAddress? Address);
