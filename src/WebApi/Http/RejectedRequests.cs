using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.WebUtilities;

namespace Bayou.Http;

/// <summary>
/// Requests that are none (a NUL in a path, two hosts, headers without end): the web server turns them away before the pipeline, with a bare status
/// and no word. Here they get the headers and the envelope that every answer has; the connection ends with it.
/// </summary>
internal sealed class RejectedRequests(DiagnosticListener events, RefusedRequests refused) : IHostedService, IObserver<KeyValuePair<string, object?>>
{
    private const string Rejected = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";
    private IDisposable? _subscription;

    /// <summary>Withholds what the web server writes to whoever it rejects, and writes the answer when the server is done with the connection.</summary>
    public static void Answer(ListenOptions listen) => listen.Use(next => async connection =>
    {
        var transport = connection.Transport;
        var output = new Output(transport.Output);
        connection.Features.Set(output);
        connection.Transport = new Duplex(transport.Input, output);
        await next(connection);
        if (output.Instead is { } answer)
        {
            await transport.Output.WriteAsync(answer);
        }
    });

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscription = events.Subscribe(this, name => name == Rejected);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _subscription?.Dispose();
        return Task.CompletedTask;
    }

    // What goes through TLS is written under this, where nothing can be put in its stead.
    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value is { Key: Rejected, Value: IFeatureCollection features }
            && features.Get<IHttpResponseFeature>() is { HasStarted: false, StatusCode: var status }
            && features.Get<Output>() is { } output && features.Get<ITlsHandshakeFeature>() is null)
        {
            var answer = new DefaultHttpContext();
            answer.Response.StatusCode = status;
            refused.Count(answer);
            output.Instead = Write(answer);
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    private static byte[] Write(HttpContext http)
    {
        TraceIds.Assign(http);
        RequestPipeline.AddHeaders(http);
        var status = http.Response.StatusCode;
        var body = JsonSerializer.SerializeToUtf8Bytes(new Envelope(null, ApiProblem.OfStatus(status).Error(http), null), Json.Options);
        http.Response.ContentType = Json.ContentType;
        http.Response.ContentLength = body.Length;
        http.Response.Headers.Connection = "close";
        var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} {ReasonPhrases.GetReasonPhrase(status)}\r\n");
        foreach (var (name, values) in http.Response.Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {values}\r\n");
        }

        return [.. Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), .. body];
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Passes everything on until something else is to be written in its stead.</summary>
    private sealed class Output(PipeWriter inner) : PipeWriter
    {
        public byte[]? Instead { get; set; }

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void Advance(int bytes) => inner.Advance(Instead is null ? bytes : 0);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
            Instead is null ? inner.WriteAsync(source, cancellationToken) : default;

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
    }
}
