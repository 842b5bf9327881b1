using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;

namespace Bayou.Ingest;

public enum Cut
{
    /// <summary>The server never sees the statement.</summary>
    Before,

    /// <summary>The server carries it out, and its answer is lost.</summary>
    After,
}

/// <summary>
/// The wire between one life of a server and PostgreSQL. It breaks at a chosen message: the connection is lost there, or the whole life
/// with it, as by kill -9.
/// </summary>
internal sealed class Wire : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _dead = new();
    private readonly IPEndPoint _server;
    private readonly Task _accepting;
    private int _messages;

    public Wire(string host, int port)
    {
        _server = new(Dns.GetHostAddresses(host).First(address => address.AddressFamily == AddressFamily.InterNetwork), port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Messages to the server so far.</summary>
    public int Messages => Volatile.Read(ref _messages);

    /// <summary>Decides for each message to the server, by its number and text and what its connection sent last, whether to break there.</summary>
    public Func<int, string, string, Cut?>? Fault { get; set; }

    /// <summary>Whether a fault ends everything, and not just its connection.</summary>
    public bool IsFatal { get; set; }

    public bool IsDead => _dead.IsCancellationRequested;

    /// <summary>Nothing passes any more.</summary>
    public void Kill() => _dead.Cancel();

    public async ValueTask DisposeAsync()
    {
        Kill();
        _listener.Stop();
        await _accepting;
        _dead.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(RelayAsync(await _listener.AcceptTcpClientAsync(_dead.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_dead.Token);
        using (client)
        {
            try
            {
                await server.ConnectAsync(_server, ended.Token);
                (client.NoDelay, server.NoDelay) = (true, true);
                var swallowed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var isDeaf = new StrongBox<bool>();
                var answers = AnswerAsync(server.GetStream(), client.GetStream(), isDeaf, swallowed, ended.Token);
                await AskAsync(client.GetStream(), server.GetStream(), isDeaf, swallowed.Task, ended.Token);
                await ended.CancelAsync();
                await answers;
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                await ended.CancelAsync(); // Either side has hung up, or the life is over.
            }
        }
    }

    private async Task AskAsync(NetworkStream client, NetworkStream server, StrongBox<bool> isDeaf, Task swallowed, CancellationToken ended)
    {
        var buffer = new byte[256 * 1024];
        var before = "";
        int read;
        while ((read = await client.ReadAsync(buffer, ended)) > 0)
        {
            var text = Encoding.ASCII.GetString(buffer, 0, read);
            var cut = Fault?.Invoke(Interlocked.Increment(ref _messages), text, before);
            isDeaf.Value = cut == Cut.After;
            if (cut != Cut.Before)
            {
                await server.WriteAsync(buffer.AsMemory(0, read), ended);
                before = text;
            }

            if (cut is null)
            {
                continue;
            }

            if (cut == Cut.After)
            {
                await swallowed.WaitAsync(ended); // The server answers once it has carried it out.
            }

            if (IsFatal)
            {
                Kill();
            }

            return;
        }
    }

    private static async Task AnswerAsync(
        NetworkStream server, NetworkStream client, StrongBox<bool> isDeaf, TaskCompletionSource swallowed, CancellationToken ended)
    {
        var buffer = new byte[256 * 1024];
        int read;
        while ((read = await server.ReadAsync(buffer, ended)) > 0)
        {
            if (isDeaf.Value)
            {
                swallowed.TrySetResult();
                return;
            }

            await client.WriteAsync(buffer.AsMemory(0, read), ended);
        }

        swallowed.TrySetResult(); // It has hung up.
    }
}
