namespace Bayou.Http;

/// <summary>Of an endpoint whose callers are told what is wrong in another form than the envelope.</summary>
internal interface IProblemWriter
{
    /// <summary>Writes the body; the status and Retry-After are set.</summary>
    Task WriteAsync(HttpContext http, ApiProblem problem);
}
