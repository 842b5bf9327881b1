using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Options;

namespace Bayou.Outgoing;

/// <summary>What was answered, or came of it.</summary>
/// <param name="Body">As text, cut where it is too long.</param>
/// <param name="IsCut">Whether it was.</param>
internal sealed record OutgoingAnswer(
    int StatusCode, IReadOnlyDictionary<string, string> Headers, string Body, bool IsCut, TimeSpan Duration, TimeSpan? RetryAfter);

/// <summary>A call could not be made, or was not answered.</summary>
internal sealed class OutgoingException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// All that Bayou itself calls. A name is resolved once, every address of it checked, and one of those connected to: so none can be changed between the check
/// and the call. Redirects are followed within the target's own origin alone, time and size of an answer are bounded.
/// </summary>
internal sealed class OutgoingClient : IDisposable
{
    private const int MostRedirects = 5;
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);
    private static readonly HttpRequestOptionsKey<bool> AllowPrivate = new("bayou.allow-private");

    private readonly HttpMessageInvoker _public;
    private readonly HttpMessageInvoker _private; // A connection of the one must not serve the other.
    private readonly OutgoingOptions _options;
    private readonly TimeProvider _time;

    public OutgoingClient(IOptions<OutgoingOptions> options, TimeProvider time)
    {
        (_options, _time) = (options.Value, time);
        (_public, _private) = (new(Handler(), disposeHandler: true), new(Handler(), disposeHandler: true));
    }

    public void Dispose()
    {
        _public.Dispose();
        _private.Dispose();
    }

    /// <param name="request">To a target; disposed of by the caller.</param>
    /// <param name="allowPrivate">Whether the target may be in a network of one's own.</param>
    /// <param name="follow">Whether redirects are followed, where they stay with the target.</param>
    /// <exception cref="OutgoingException">There was no answer; the message says why.</exception>
    public async Task<OutgoingAnswer> SendAsync(
        HttpRequestMessage request, bool allowPrivate, TimeSpan limit, CancellationToken ct, bool follow = true)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var late = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        var started = _time.GetTimestamp();
        try
        {
            var content = request.Content is null ? null : await request.Content.ReadAsByteArrayAsync(either.Token);
            var next = request;
            for (var redirects = 0; ; redirects++)
            {
                next.Options.Set(AllowPrivate, allowPrivate);
                AddTrace(next);
                using var answer = await (allowPrivate ? _private : _public).SendAsync(next, either.Token);
                if (follow && redirects < MostRedirects && Follow(request, next, answer, content) is { } followed)
                {
                    next = followed;
                    continue;
                }

                var (body, isCut) = await ReadAsync(answer, either.Token);
                return new(
                    (int)answer.StatusCode, HeadersOf(answer), body, isCut, _time.GetElapsedTime(started), RetryAfterOf(answer));
            }
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            throw new OutgoingException($"There was no answer within {limit.TotalSeconds:0.###} s.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw e.InnerException as OutgoingException ?? new OutgoingException($"{request.RequestUri?.Authority} could not be called: {e.Message}", e);
        }
    }

    /// <returns>The request to go on with; null where the answer is no redirect, or leads elsewhere.</returns>
    private static HttpRequestMessage? Follow(HttpRequestMessage first, HttpRequestMessage sent, HttpResponseMessage answer, byte[]? content)
    {
        if ((int)answer.StatusCode is not (301 or 302 or 303 or 307 or 308) || answer.Headers.Location is not { } location)
        {
            return null;
        }

        var to = new Uri(sent.RequestUri!, location);
        if (to.GetLeftPart(UriPartial.Authority) != first.RequestUri!.GetLeftPart(UriPartial.Authority))
        {
            return null;
        }

        var keepsMethod = (int)answer.StatusCode is 307 or 308 || sent.Method == HttpMethod.Get || sent.Method == HttpMethod.Head;
        var next = new HttpRequestMessage(keepsMethod ? sent.Method : HttpMethod.Get, to);
        foreach (var (name, values) in first.Headers)
        {
            next.Headers.TryAddWithoutValidation(name, values);
        }

        if (keepsMethod && content is not null)
        {
            next.Content = new ByteArrayContent(content);
            foreach (var (name, values) in first.Content!.Headers)
            {
                next.Content.Headers.TryAddWithoutValidation(name, values);
            }
        }

        return next;
    }

    private SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false, // It would resolve the name for itself.
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.All,
        ConnectTimeout = ConnectLimit,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1), // A name may lead elsewhere by then.
        ConnectCallback = ConnectAsync,
        ActivityHeadersPropagator = null, // It is added here, in every runtime alike.
    };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var allowPrivate = context.InitialRequestMessage.Options.TryGetValue(AllowPrivate, out var allowed) && allowed;
        var host = context.DnsEndPoint.Host;
        IPAddress[] addresses;
        try
        {
            addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, ct);
        }
        catch (SocketException e)
        {
            throw new OutgoingException($"{host} is not known: {e.Message}", e);
        }

        if (addresses.FirstOrDefault(address => !IsAllowed(address, allowPrivate)) is { } forbidden)
        {
            throw new OutgoingException($"{host} leads to {forbidden}, which is not on the internet; a target with allow_private may be there.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private bool IsAllowed(IPAddress address, bool allowPrivate) => NetworkAddress.ReachOf(address) switch
    {
        AddressReach.Public => true,
        AddressReach.Loopback => allowPrivate || _options.AllowLoopback == true,
        _ => allowPrivate,
    };

    /// <summary>W3C Trace Context, so that what is called belongs to the same trace.</summary>
    private static void AddTrace(HttpRequestMessage request)
    {
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id } && !request.Headers.Contains("traceparent"))
        {
            request.Headers.TryAddWithoutValidation("traceparent", id);
        }
    }

    private async Task<(string Body, bool IsCut)> ReadAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(ct);
        var bytes = new byte[_options.MaxAnswerBytes + 1];
        var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
        return (Encoding.UTF8.GetString(bytes, 0, Math.Min(length, _options.MaxAnswerBytes)), length > _options.MaxAnswerBytes);
    }

    private static Dictionary<string, string> HeadersOf(HttpResponseMessage answer) => answer.Headers.Concat(answer.Content.Headers)
        .ToDictionary(header => header.Key.ToLowerInvariant(), header => string.Join(", ", header.Value), StringComparer.Ordinal);

    private TimeSpan? RetryAfterOf(HttpResponseMessage answer) => answer.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - _time.GetUtcNow(),
        _ => null,
    };
}
