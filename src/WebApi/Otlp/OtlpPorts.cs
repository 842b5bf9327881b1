using System.Net;
using System.Net.Sockets;
using Bayou.Access;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Bayou.Otlp;

/// <summary>
/// The ports that OpenTelemetry's senders know, beside the main one. Each is taken here and handed to the web server, so that one that another program
/// has, as a collector would, is told of and keeps nothing from starting.
/// </summary>
internal sealed partial class OtlpPorts : IDisposable
{
    private readonly Dictionary<IPEndPoint, Socket> _held = [];
    private readonly List<int> _taken = [];
    private readonly int _grpc;

    private OtlpPorts(OtlpOptions options)
    {
        _grpc = options.GrpcPort;
        var address = IPAddress.Parse(options.Address);
        foreach (var port in (int[])[options.GrpcPort, options.HttpPort])
        {
            if (port == 0)
            {
                continue;
            }

            if (!TryHold(new(address, port)))
            {
                _taken.Add(port);
            }
            else if (address.Equals(IPAddress.Loopback))
            {
                TryHold(new(IPAddress.IPv6Loopback, port)); // Where there is IPv6, localhost may mean that.
            }
        }
    }

    /// <summary>Adds them to what a program serves.</summary>
    public static void Open(WebApplicationBuilder builder)
    {
        var ports = new OtlpPorts(OtlpOptions.Of(builder.Configuration));
        builder.Services.AddSingleton(ports);
        if (ports._held.Count == 0)
        {
            return;
        }

        // What is said here counts instead of all that is said of addresses elsewhere: so those are said again.
        string[] urls = [.. AccessToken.AddressesOf(builder.Configuration), .. ports._held.Keys.Select(one => $"http://{one}")];
        builder.WebHost.UseUrls(urls);
        builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = ports.Take);
    }

    /// <summary>gRPC without TLS speaks HTTP/2 and nothing else.</summary>
    public static void Choose(ListenOptions listen, OtlpPorts ports)
    {
        if (listen.IPEndPoint is { } at && at.Port == ports._grpc && ports._grpc != 0)
        {
            listen.Protocols = HttpProtocols.Http2;
        }
    }

    public void Tell(ILogger logger)
    {
        foreach (var port in _taken)
        {
            Taken(logger, port, port == _grpc ? nameof(OtlpOptions.GrpcPort) : nameof(OtlpOptions.HttpPort));
        }
    }

    public void Dispose()
    {
        foreach (var socket in _held.Values)
        {
            socket.Dispose();
        }
    }

    private bool TryHold(IPEndPoint at)
    {
        Socket? socket = null;
        try
        {
            socket = SocketTransportOptions.CreateDefaultBoundListenSocket(at);
            socket.Listen(); // Bound alone, another could still be bound beside it.
            _held[at] = socket;
            return true;
        }
        catch (SocketException)
        {
            socket?.Dispose();
            return false;
        }
    }

    private Socket Take(EndPoint at) => at is IPEndPoint wanted && _held.Remove(wanted, out var held)
        ? held : SocketTransportOptions.CreateDefaultBoundListenSocket(at);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Port {port} is taken, so that OpenTelemetry is not taken there; Bayou:Otlp:{key} chooses another")]
    private static partial void Taken(ILogger logger, int port, string key);
}
