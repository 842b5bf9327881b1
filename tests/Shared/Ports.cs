using System.Net;
using System.Net.Sockets;

namespace Bayou;

internal static class Ports
{
    // Below those that a system gives out by itself (32768 and up): what nobody has asked for by its number stays free.
    private const int First = 20_000;
    private const int Last = 32_000;

    private static readonly List<FileStream> Claims = []; // for as long as this process lives

    /// <summary>A port of loopback that nobody listens on, and that no other process of these suites is given while this one lives.</summary>
    public static int Claim()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "bayou-ports"));
        while (true)
        {
            var port = Random.Shared.Next(First, Last);
            try
            {
                var claim = new FileStream(Path.Combine(folder.FullName, $"{port}"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1,
                    FileOptions.DeleteOnClose);
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                lock (Claims)
                {
                    Claims.Add(claim);
                }

                return port;
            }
            catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
            {
                continue; // Somebody else has it.
            }
        }
    }
}
