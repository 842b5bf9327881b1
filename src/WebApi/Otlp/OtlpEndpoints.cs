using System.Text.Json;
using Bayou.Access;
using Bayou.Http;
using Bayou.Ingest;
using Bayou.Otlp.Protocol;
using Bayou.Projects;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;

namespace Bayou.Otlp;

/// <summary>OTLP over HTTP, as protobuf or JSON. The specification decides what is answered (https://opentelemetry.io/docs/specs/otlp/#otlphttp).</summary>
internal static class OtlpEndpoints
{
    public const string Protobuf = "application/x-protobuf";
    public const string Json = "application/json";

    /// <summary>Decompressed; a machine of little memory takes less.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    /// <summary>Of JSON, which becomes protobuf first.</summary>
    public const int MaxJsonBytes = 16 * 1024 * 1024;

    // A message of gRPC is in memory before anybody may refuse it. Collectors send 4 MB at most unless told.
    public const int MaxMessageBytes = 16 * 1024 * 1024;

    private static readonly string[] Types = [Protobuf, Json];

    public static void AddOtlp(this WebApplicationBuilder builder)
    {
        OtlpPorts.Hold(builder);
        builder.Services.AddSingleton<OtlpSignal, OtlpLogs>();
        builder.Services.AddSingleton<OtlpSignal, OtlpTraces>();
        builder.Services.AddSingleton<OtlpSignal, OtlpMetrics>();
        builder.Services.AddSingleton<SpanEndpoints>();
        builder.Services.AddSingleton<OtlpGrpc>();
        builder.Services.AddSingleton<IServiceMethodProvider<OtlpGrpc>, OtlpGrpcMethods>();
        builder.Services.AddGrpc(grpc =>
        {
            grpc.IgnoreUnknownServices = true; // Else every address of two parts would be one of gRPC's.
            grpc.MaxReceiveMessageSize = MaxMessageBytes;
            grpc.CompressionProviders = [new BoundedGzip(MaxMessageBytes)];
        });
    }

    public static void MapOtlp(this WebApplication app)
    {
        app.Services.GetRequiredService<OtlpPorts>().Open(app);
        app.MapGrpcService<OtlpGrpc>();
        foreach (var signal in app.Services.GetServices<OtlpSignal>())
        {
            app.MapPost($"/v1/{signal.Name}", (HttpContext http, RequestBody bodies, BodyBudget budget, CancellationToken ct) =>
                AcceptAsync(http, signal, bodies, budget, ct))
                .Needs(Permission.Ingest | Permission.IngestFromBrowser)
                .WithMetadata(new OtlpProblems())
                .ExcludeFromDescription(); // The protocol describes it.
        }
    }

    private static async Task<IResult> AcceptAsync(HttpContext http, OtlpSignal signal, RequestBody bodies, BodyBudget budget, CancellationToken ct)
    {
        var (given, unusable) = IngestEndpoints.KeyOf(http);
        if (unusable is not null)
        {
            return unusable;
        }

        IngestEndpoints.LiftLimit(http);
        var isJson = IsJson(http.Request);
        var (body, unreadable) = await bodies.ReadAsync(http, Math.Min(isJson ? MaxJsonBytes : MaxBytes, budget.Largest), ct, Types);
        using var taken = body;
        if (taken is null)
        {
            return unreadable!;
        }

        if (!isJson)
        {
            return new OtlpAnswer(signal, await signal.TakeAsync(http.Project(), taken.Bytes, given, taken.Bytes, ct));
        }

        var copies = 3L * taken.Length; // in protobuf, in a buffer that doubles
        if (!budget.TryTake(copies, copies))
        {
            return ApiProblem.Unavailable("Too much is being sent at once. Send it again.");
        }

        try
        {
            var (request, problem) = new JsonToWire().Read(taken.Bytes.Span, signal.Request);
            return problem is not null ? ApiProblem.Validation($"The body {problem}.")
                : new OtlpAnswer(signal, await signal.TakeAsync(http.Project(), request, given, taken.Bytes, ct));
        }
        finally
        {
            budget.Give(copies);
        }
    }

    public static bool IsJson(HttpRequest request) => request.ContentType?.StartsWith(Json, StringComparison.OrdinalIgnoreCase) == true;
}

/// <summary>Answers an export, in the type that it was sent in.</summary>
internal sealed record OtlpAnswer(OtlpSignal Signal, OtlpOutcome Outcome) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (Outcome.Status != OtlpStatus.Ok)
        {
            return ProblemOf(Outcome).ExecuteAsync(httpContext);
        }

        if (OtlpEndpoints.IsJson(httpContext.Request))
        {
            object answer = Outcome.Message.Length == 0 ? new { } : new
            {
                partialSuccess = new Dictionary<string, string>
                {
                    [Signal.RejectedName] = Outcome.Rejected.ToString(System.Globalization.CultureInfo.InvariantCulture), ["errorMessage"] = Outcome.Message,
                },
            };
            return OtlpProblems.WriteAsync(httpContext, answer);
        }

        return OtlpProblems.WriteAsync(httpContext, MessageOf(Outcome));
    }

    /// <summary>What a sender is told whose request was taken: nothing, unless some of it was not.</summary>
    public static ExportResponse MessageOf(OtlpOutcome outcome) => outcome.Message.Length == 0 ? new()
        : new() { PartialSuccess = new() { Rejected = outcome.Rejected, ErrorMessage = outcome.Message } };

    private static ApiProblem ProblemOf(OtlpOutcome outcome) => outcome.Status switch
    {
        OtlpStatus.InvalidArgument => ApiProblem.Validation(outcome.Message),
        OtlpStatus.ResourceExhausted => ApiProblem.OfStatus(StatusCodes.Status413PayloadTooLarge) with { Message = outcome.Message },
        _ => ApiProblem.Unavailable(outcome.Message),
    };
}

/// <summary>Tells what is wrong as OTLP has it: a Status, in the type of the request.</summary>
internal sealed class OtlpProblems : IProblemWriter
{
    /// <summary>Names are as they are: OTLP's are in camelCase, and those of our own JSON are not.</summary>
    public static Task WriteAsync(HttpContext http, object message)
    {
        http.Response.ContentType = OtlpEndpoints.Json;
        return http.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(message), http.RequestAborted).AsTask();
    }

    public static Task WriteAsync(HttpContext http, IMessage message)
    {
        http.Response.ContentType = OtlpEndpoints.Protobuf;
        http.Response.ContentLength = message.CalculateSize();
        return http.Response.Body.WriteAsync(message.ToByteArray(), http.RequestAborted).AsTask();
    }

    public Task WriteAsync(HttpContext http, ApiProblem problem)
    {
        var status = new RpcStatus { Code = (int)CodeOf(problem.Status), Message = TextOf(problem) };
        return OtlpEndpoints.IsJson(http.Request)
            ? WriteAsync(http, new { code = status.Code, message = status.Message }) : WriteAsync(http, status);
    }

    private static string TextOf(ApiProblem problem) => problem.Details is { Count: > 0 } details
        ? $"{problem.Message} {string.Join("; ", details.Select(detail => $"{detail.Field} {detail.Message}"))}" : problem.Message;

    public static OtlpStatus CodeOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => OtlpStatus.Unauthenticated,
        StatusCodes.Status403Forbidden => OtlpStatus.PermissionDenied,
        StatusCodes.Status413PayloadTooLarge or StatusCodes.Status429TooManyRequests => OtlpStatus.ResourceExhausted,
        StatusCodes.Status503ServiceUnavailable => OtlpStatus.Unavailable,
        >= 500 => OtlpStatus.Internal,
        _ => OtlpStatus.InvalidArgument,
    };
}
