using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Bayou.Outgoing;
using Microsoft.Extensions.Logging;

namespace Bayou.Jobs;

/// <summary>A call of a registered target.</summary>
internal sealed record HttpRequestPayload : IValidatableObject
{
    [Description("The service whose registered target is called.")]
    [StringLength(200, MinimumLength = 1, ErrorMessage = "must have 1 to 200 characters")]
    public required string Target { get; init; }

    [Description("Which of its stages; the service's own target where that has none.")]
    [StringLength(200, ErrorMessage = "must have 200 characters at most")]
    public string? Stage { get; init; }

    [Description("POST unless told.")]
    [AllowedValues("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", ErrorMessage = "must be GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS")]
    public string Method { get; init; } = "POST";

    [Description("Behind the target's base URL, with its query.")]
    [StringLength(4_000, ErrorMessage = "must have 4000 characters at most")]
    [RegularExpression(@"/[^\s#]*", ErrorMessage = "must begin with / and have no blanks")]
    public string Path { get; init; } = "/";

    [Description("Beside those of the target, which come first.")]
    public Dictionary<string, string>? Headers { get; init; }

    [Description("A text is sent as it is, anything else as JSON.")]
    public JsonElement? Body { get; init; }

    [Description("Seconds to wait for the answer; 30 unless told.")]
    [Range(1, 540, ErrorMessage = "must be from 1 to 540")]
    public int TimeoutSeconds { get; init; } = 30;

    [Description("Statuses that are a success; 200 to 299 unless told.")]
    public int[]? SuccessStatuses { get; init; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (SuccessStatuses?.Any(status => status is < 100 or > 599) == true)
        {
            yield return new("must be statuses, from 100 to 599", [nameof(SuccessStatuses)]);
        }

        if (Headers?.Any(header => !OutgoingHeaders.IsValid(header.Key, header.Value)) == true)
        {
            yield return new("must be names of headers, each with a text of printable ASCII", [nameof(Headers)]);
        }
    }
}

/// <summary>Calls a target: what makes the queue of use to programs in any language.</summary>
internal sealed partial class HttpRequestJob(TargetStore targets, OutgoingClient client) : IJob<HttpRequestPayload>
{
    /// <summary>By which what is called can tell a repeat from another call.</summary>
    public const string IdHeader = "x-bayou-job", AttemptHeader = "x-bayou-attempt";

    public static JobType Type { get; } = new("http.request", "Calls a registered target, and keeps its answer.") { Queue = JobType.HttpQueue };

    public async Task<object?> RunAsync(HttpRequestPayload payload, JobContext job, CancellationToken ct)
    {
        if (await targets.FindAsync(job.Project, payload.Target, payload.Stage ?? "", ct) is not { } target)
        {
            throw new JobException($"Service {payload.Target} has no registered target{(payload.Stage is { Length: > 0 } stage ? $" for {stage}" : "")}.")
            {
                IsFinal = true,
            };
        }

        using var request = RequestOf(payload, target);
        request.Headers.TryAddWithoutValidation(IdHeader, job.Id.ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation(AttemptHeader, job.Attempt.ToString(CultureInfo.InvariantCulture));
        OutgoingAnswer answer;
        try
        {
            answer = await client.SendAsync(request, target.AllowPrivate, TimeSpan.FromSeconds(payload.TimeoutSeconds), ct);
        }
        catch (OutgoingException e)
        {
            throw new JobException(e.Message, e);
        }

        var milliseconds = Math.Round(answer.Duration.TotalMilliseconds, 3);
        Answered(job.Logger, payload.Method, request.RequestUri!, answer.StatusCode, milliseconds);
        var result = new { answer.StatusCode, answer.Headers, answer.Body, body_is_cut = answer.IsCut, duration = milliseconds };
        var isSuccess = payload.SuccessStatuses is { Length: > 0 } told ? told.Contains(answer.StatusCode) : answer.StatusCode is >= 200 and < 300;
        return isSuccess ? result : throw new JobException(
            $"{payload.Method} {request.RequestUri} answered {answer.StatusCode} {ReasonOf(answer.StatusCode)}.")
        {
            RetryAfter = answer.RetryAfter, Result = result, Detail = answer.Body,
        };
    }

    private static HttpRequestMessage RequestOf(HttpRequestPayload payload, Target target)
    {
        var url = new Uri(target.BaseUrl.ToString().TrimEnd('/') + payload.Path);
        if (!url.AbsolutePath.StartsWith(target.BaseUrl.AbsolutePath.TrimEnd('/') + "/", StringComparison.Ordinal)
            || url.GetLeftPart(UriPartial.Authority) != target.BaseUrl.GetLeftPart(UriPartial.Authority))
        {
            throw new JobException($"{payload.Path} leads out of the target's base URL.") { IsFinal = true }; // By dots, which the URL has resolved.
        }

        var request = new HttpRequestMessage(new(payload.Method), url);
        if (payload.Body is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } body)
        {
            request.Content = body.ValueKind == JsonValueKind.String
                ? new StringContent(body.GetString()!, Encoding.UTF8, "text/plain") : new StringContent(body.GetRawText(), Encoding.UTF8, "application/json");
        }

        return OutgoingHeaders.Add(request, payload.Headers ?? [], target.Headers) is { } wrong
            ? throw new JobException($"{wrong} cannot be sent as a header.") { IsFinal = true } : request;
    }

    private static string ReasonOf(int status) => Enum.IsDefined((HttpStatusCode)status) ? $"({(HttpStatusCode)status})" : "";

    [LoggerMessage(Level = LogLevel.Information, Message = "{method} {url} answered {status_code} after {duration} ms")]
    private static partial void Answered(ILogger logger, string method, Uri url, int status_code, double duration);
}
