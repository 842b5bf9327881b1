using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;

namespace Bayou.Http;

/// <summary>A successful answer.</summary>
/// <param name="data">As it is written.</param>
internal abstract class ApiResult(object? data, object? metadata, int status) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = status;
        return Json.WriteAsync(httpContext, new Envelope(data, null, metadata));
    }
}

/// <summary>An answer with nothing to say beside its data.</summary>
/// <typeparam name="TData">What the API's document says the data are.</typeparam>
internal sealed class ApiResult<TData>(TData data) : ApiResult(data, null, StatusCodes.Status200OK), IEndpointMetadataProvider
    where TData : notnull
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => builder.Metadata.Add(AnswerSpec.Of<Answer<TData>>());
}

/// <typeparam name="TData">What the API's document says the data are; they may be written already.</typeparam>
/// <typeparam name="TMetadata">What is said beside them.</typeparam>
internal sealed class ApiResult<TData, TMetadata> : ApiResult, IEndpointMetadataProvider
    where TData : notnull
    where TMetadata : notnull
{
    public ApiResult(TData data, TMetadata metadata)
        : base(data, metadata, StatusCodes.Status200OK)
    {
    }

    private ApiResult(object written, TMetadata metadata)
        : base(written, metadata, StatusCodes.Status200OK)
    {
    }

    /// <summary>Of data that are objects for writing alone, or written already.</summary>
    public static ApiResult<TData, TMetadata> Written(object data, TMetadata metadata) => new(data, metadata);

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => builder.Metadata.Add(AnswerSpec.Of<Answer<TData, TMetadata>>());
}

/// <summary>What was asked for has been made.</summary>
internal sealed class CreatedResult<TData>(TData data) : ApiResult(data, null, StatusCodes.Status201Created), IEndpointMetadataProvider
    where TData : notnull
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(AnswerSpec.Of<Answer<TData>>(StatusCodes.Status201Created));
}

/// <summary>What was sent is durable.</summary>
/// <param name="data">As it is written: what was told the first time, where it was stored.</param>
internal sealed class AcceptedResult<TData>(object data) : ApiResult(data, null, StatusCodes.Status202Accepted), IEndpointMetadataProvider
    where TData : notnull
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(AnswerSpec.Of<Answer<TData>>(StatusCodes.Status202Accepted));
}

/// <summary>The envelope of a successful answer, for the API's document.</summary>
internal sealed record Answer<TData>(TData Data, Nothing? Error, Nothing? Metadata)
    where TData : notnull;

/// <summary>The same, where something is said beside the data.</summary>
internal sealed record Answer<TData, TMetadata>(TData Data, Nothing? Error, TMetadata Metadata)
    where TData : notnull
    where TMetadata : notnull;

/// <summary>The envelope of any other answer.</summary>
internal sealed record FailedAnswer(object? Data, ApiError Error, Nothing? Metadata);

/// <summary>What is always null.</summary>
internal sealed record Nothing;

/// <summary>What an address answers, for the API's document.</summary>
internal static class AnswerSpec
{
    public static ProducesResponseTypeMetadata Of<T>(int status = StatusCodes.Status200OK) => new(status, typeof(T), ["application/json"]);
}
