using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Bayou.Http;

/// <summary>Requests byte by byte, as no client library would send them.</summary>
internal static class RawHttp
{
    /// <summary>All that comes until the server hangs up.</summary>
    public static async Task<List<RawAnswer>> AskAsync(BayouServer server, string request)
    {
        using var client = await ConnectAsync(server);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), BayouServer.Ct);
        using var came = new MemoryStream();
        try
        {
            await stream.CopyToAsync(came, BayouServer.Ct);
        }
        catch (IOException)
        {
            // It hung up with a part of the request unread, after it had answered.
        }

        return Answers(Encoding.UTF8.GetString(came.ToArray()));
    }

    /// <summary>Sends a part of a request, and breaks the connection.</summary>
    public static async Task BreakAsync(BayouServer server, string part)
    {
        using var client = await ConnectAsync(server);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(part), BayouServer.Ct);
        client.LingerState = new LingerOption(true, 0);
    }

    private static async Task<TcpClient> ConnectAsync(BayouServer server)
    {
        var client = new TcpClient();
        await client.ConnectAsync(server.Http.BaseAddress!.Host, server.Http.BaseAddress.Port, BayouServer.Ct);
        return client;
    }

    private static List<RawAnswer> Answers(string text)
    {
        var answers = new List<RawAnswer>();
        while (text.Length > 0)
        {
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            var lines = text[..end].Split("\r\n");
            var headers = lines[1..].Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0].ToLowerInvariant(), pair => pair[1]);
            var body = text[(end + 4)..];
            var length = headers.TryGetValue("content-length", out var given) ? int.Parse(given, CultureInfo.InvariantCulture) : ChunkedLength(body);
            answers.Add(new(int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture), headers, body[..length]));
            text = body[length..];
        }

        return answers;
    }

    private static int ChunkedLength(string body) => body.IndexOf("0\r\n\r\n", StringComparison.Ordinal) + 5;
}

internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body);
