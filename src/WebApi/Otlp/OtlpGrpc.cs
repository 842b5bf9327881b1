using Bayou.Access;
using Bayou.Database;
using Bayou.Http;
using Bayou.Projects;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Http.Metadata;

namespace Bayou.Otlp;

/// <summary>OTLP over gRPC: one method for each signal, whose messages stay the bytes that they are.</summary>
internal sealed class OtlpGrpc(BodyBudget budget)
{
    public async Task<byte[]> ExportAsync(OtlpSignal signal, byte[] request, ServerCallContext call)
    {
        if (!budget.TryTake(request.Length, request.Length))
        {
            throw new RpcException(new(StatusCode.Unavailable, "Too much is being sent at once. Send it again."));
        }

        try
        {
            var http = call.GetHttpContext();
            var outcome = await signal.TakeAsync(http.Project(), request, null, request, call.CancellationToken);
            return outcome.Status == OtlpStatus.Ok ? OtlpAnswer.MessageOf(outcome).ToByteArray()
                : throw new RpcException(new((StatusCode)outcome.Status, outcome.Message));
        }
        catch (Exception e) when (DatabaseFailure.IsPassing(e))
        {
            throw new RpcException(new(StatusCode.Unavailable, "The database does not answer just now."), e.Message);
        }
        finally
        {
            budget.Give(request.Length);
        }
    }
}

/// <summary>Names the methods as the protocol does.</summary>
internal sealed class OtlpGrpcMethods(IEnumerable<OtlpSignal> signals) : IServiceMethodProvider<OtlpGrpc>
{
    private static readonly Marshaller<byte[]> AsItIs = Marshallers.Create(bytes => bytes, bytes => bytes);

    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<OtlpGrpc> context)
    {
        foreach (var signal in signals)
        {
            context.AddUnaryMethod(
                new Method<byte[], byte[]>(MethodType.Unary, signal.Service, "Export", AsItIs, AsItIs),
                [new NeededPermission(Permission.Ingest), new GrpcProblems(), new MessageLimit(),
                    new HttpMethodMetadata([HttpMethods.Post]), new ExcludeFromDescriptionAttribute()],
                (service, request, call) => service.ExportAsync(signal, request, call));
        }
    }
}

/// <summary>How long a body may be: what the web server has for all others is less.</summary>
internal sealed class MessageLimit : IRequestSizeLimitMetadata
{
    private const int Prefix = 5; // bytes before a message

    public long? MaxRequestBodySize => OtlpEndpoints.MaxMessageBytes + Prefix;
}

/// <summary>Tells what is wrong before a method is reached as gRPC has it: in headers, with the status of HTTP that means nothing.</summary>
internal sealed class GrpcProblems : IProblemWriter
{
    public Task WriteAsync(HttpContext http, ApiProblem problem)
    {
        var code = OtlpProblems.CodeOf(problem.Status);
        code = code == OtlpStatus.ResourceExhausted ? OtlpStatus.Unavailable : code; // Exhausted would be for ever: too many requests are not.
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = "application/grpc";
        http.Response.Headers["grpc-status"] = ((int)code).ToString(System.Globalization.CultureInfo.InvariantCulture);
        http.Response.Headers["grpc-message"] = Uri.EscapeDataString(problem.Message);
        return Task.CompletedTask;
    }
}
