using System.Globalization;

namespace Bayou.Http;

/// <summary>A failed answer. Its text is for the caller and says nothing of the inside.</summary>
internal sealed record ApiProblem(
    int Status, string Code, string Message, IReadOnlyList<FieldError>? Details = null, TimeSpan? RetryAfter = null) : IResult
{
    public static ApiProblem Validation(string message, params IReadOnlyList<FieldError> details) =>
        new(StatusCodes.Status400BadRequest, "VALIDATION_ERROR", message, details);

    /// <summary>All that is wrong with what was sent; null when nothing is.</summary>
    public static ApiProblem? Of(params ReadOnlySpan<FieldError?> errors)
    {
        var wrong = new List<FieldError>();
        foreach (var error in errors)
        {
            if (error is not null)
            {
                wrong.Add(error);
            }
        }

        return wrong is [var first, ..] ? Validation($"{first.Field} {first.Message}.", wrong) : null;
    }

    /// <param name="what">As in <c>person</c>.</param>
    public static ApiProblem NotFound(string what) => OfStatus(StatusCodes.Status404NotFound) with { Message = $"There is no such {what}." };

    public static ApiProblem Unavailable(string message) =>
        new(StatusCodes.Status503ServiceUnavailable, "UNAVAILABLE", message, RetryAfter: TimeSpan.FromSeconds(2));

    /// <summary>What a bare status means, where nothing more is known.</summary>
    public static ApiProblem OfStatus(int status) => status switch
    {
        StatusCodes.Status400BadRequest => new(status, "VALIDATION_ERROR", "The request cannot be understood."),
        StatusCodes.Status404NotFound => new(status, "NOT_FOUND", "There is nothing at this address; GET /doc lists what there is."),
        StatusCodes.Status405MethodNotAllowed => new(status, "METHOD_NOT_ALLOWED", "This address does not take this method; see the Allow header."),
        StatusCodes.Status413PayloadTooLarge => new(status, "PAYLOAD_TOO_LARGE", "The body is larger than this address takes."),
        StatusCodes.Status415UnsupportedMediaType => new(status, "UNSUPPORTED_MEDIA_TYPE", "The body is of a type that this address does not take."),
        StatusCodes.Status503ServiceUnavailable => Unavailable("The service is not available just now."),
        >= 500 => new(status, "INTERNAL_ERROR", "Something went wrong on our side."),
        _ => new(status, "REQUEST_FAILED", "The request was refused."),
    };

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = Status;
        if (RetryAfter is { } wait)
        {
            httpContext.Response.Headers.RetryAfter = ((int)wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        return httpContext.GetEndpoint()?.Metadata.GetMetadata<IProblemWriter>() is { } writer ? writer.WriteAsync(httpContext, this)
            : Json.WriteAsync(httpContext, new Envelope(null, Error(httpContext), null));
    }

    public ApiError Error(HttpContext http) => new(Code, Message, TraceIds.Of(http), Details);
}
