using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Bayou.Hosting;

internal static class SiloListeners
{
    /// <summary>Has a silo, and its gateway, listen by this factory instead of Orleans' own.</summary>
    public static void ListenWith(this ISiloBuilder silo, IConnectionListenerFactory factory)
    {
        // The keys are Orleans' own and not public; the services are.
        foreach (var listener in silo.Services.Where(service => service.IsKeyedService && service.ServiceType == typeof(IConnectionListenerFactory)).ToList())
        {
            silo.Services.Remove(listener);
            silo.Services.AddKeyedSingleton(listener.ServiceKey, factory);
        }
    }
}

/// <summary>
/// Of a silo that is alone: nobody calls it but its own process, which needs no connection. So it opens no port, which another could have
/// taken and at which anybody on the machine could speak to grains.
/// </summary>
internal sealed class NoListener : IConnectionListenerFactory
{
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(new Nothing(endpoint));

    private sealed class Nothing(EndPoint endpoint) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> _unbound = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint => endpoint;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => new(_unbound.Task.WaitAsync(cancellationToken));

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _unbound.TrySetResult(null);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}

/// <summary>Free ports, each held from before its number is told to anybody until somebody listens on it.</summary>
internal sealed class FreePorts(IPAddress address) : IConnectionListenerFactory
{
    private readonly Dictionary<int, Socket> _held = [];

    /// <summary>The port itself, or a free one for 0.</summary>
    public int OrTake(int port)
    {
        if (port != 0)
        {
            return port;
        }

        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, 0));
        port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        _held.Add(port, socket);
        return port;
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var options = new SocketTransportOptions
        {
            CreateBoundListenSocket = wanted => wanted is IPEndPoint { Port: var port } && _held.Remove(port, out var held)
                ? held
                : SocketTransportOptions.CreateDefaultBoundListenSocket(wanted),
        };
        return new SocketTransportFactory(Options.Create(options), NullLoggerFactory.Instance).BindAsync(endpoint, cancellationToken);
    }
}
