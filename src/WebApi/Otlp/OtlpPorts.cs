using System.Net;
using System.Net.Sockets;
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

    /// <summary>Takes them, as far as nobody has them.</summary>
    public static void Hold(WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        var options = OtlpOptions.Of(configuration);
        if (configuration.GetSection("Kestrel:Endpoints").GetChildren().Any())
        {
            (options.GrpcPort, options.HttpPort) = (0, 0); // Whoever says so much of addresses says these there too: no others would count.
        }

        foreach (var main in MainOf(configuration))
        {
            // The main port takes OTLP/HTTP anyway.
            options.HttpPort = main.EndsWith($":{options.HttpPort}", StringComparison.Ordinal) ? 0 : options.HttpPort;
            options.GrpcPort = main.EndsWith($":{options.GrpcPort}", StringComparison.Ordinal) ? 0 : options.GrpcPort;
        }

        var ports = new OtlpPorts(options);
        builder.Services.AddSingleton(_ => ports); // So that they are given back with the program.
        builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = ports.Take);
    }

    /// <summary>Adds them to what a program serves, and tells of those that somebody else has.</summary>
    public void Open(WebApplication app)
    {
        if (_taken.Count > 0)
        {
            Taken(app.Logger, string.Join(" and ", _taken), string.Join(" and ", _taken.Select(port =>
                $"{OtlpOptions.Section}:{(port == _grpc ? nameof(OtlpOptions.GrpcPort) : nameof(OtlpOptions.HttpPort))}")));
        }

        if (_held.Count > 0)
        {
            foreach (var url in (string[])[.. MainOf(app.Configuration), .. _held.Keys.Select(one => $"http://{one}")])
            {
                app.Urls.Add(url);
            }
        }
    }

    /// <summary>Where the web server would listen: what is added counts instead of all that is said of it, so that is said again.</summary>
    internal static string[] MainOf(IConfiguration configuration)
    {
        string[] urls = List("urls");
        string[] ports = [.. List("http_ports").Select(port => $"http://*:{port}"), .. List("https_ports").Select(port => $"https://*:{port}")];
        return urls.Length > 0 ? urls : ports.Length > 0 ? ports : ["http://localhost:5000"];

        string[] List(string key) => (configuration[key] ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>gRPC without TLS speaks HTTP/2 and nothing else.</summary>
    public static void Choose(ListenOptions listen, OtlpPorts ports)
    {
        if (listen.IPEndPoint is { } at && at.Port == ports._grpc && ports._grpc != 0)
        {
            listen.Protocols = HttpProtocols.Http2;
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

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Of OpenTelemetry's ports another program has {ports}, and what is sent there is not taken; {keys} choose others")]
    private static partial void Taken(ILogger logger, string ports, string keys);
}
