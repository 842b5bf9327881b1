using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Bayou.Torture;

/// <summary>
/// Sends to every address that <c>GET /doc</c> lists what is wrong in one place or another, and expects an answer to each, never 500; and that the server
/// lives on in the same process with no more memory, threads and open files.
/// </summary>
internal sealed class Fuzzer(Node node, HttpClient http, int seed)
{
    private const int Workers = 8;
    private const int MostFaults = 20;
    private const int MoreFiles = 64; // its pools may have grown
    private const int MoreThreads = 48; // its pool keeps some for a while
    private const double MoreMemory = 1.5; // from the middle to the end, once the collector has seen some of everything
    private const long LeastMemory = 128 * 1024 * 1024; // more than this at once, else it is noise

    private readonly ConcurrentDictionary<string, (int Count, string First)> _faults = [];
    private readonly ConcurrentDictionary<int, long> _answers = [];
    private readonly Vocabulary _vocabulary = new();
    private IReadOnlyList<Address> _addresses = [];
    private int _next;

    /// <returns>0 when every answer was right; else 1.</returns>
    public static async Task<int> RunAsync(PrivatePostgres database, TimeSpan length, int seed, CancellationToken ct)
    {
        await using var nodes = Nodes.Small(database.Url);
        await nodes.StartAsync(ct);
        return await new Fuzzer(nodes.Webs[0], nodes.Http, seed).RunAsync(length, ct);
    }

    private async Task<int> RunAsync(TimeSpan length, CancellationToken ct)
    {
        var life = node.ProcessId!.Value;
        _addresses = Address.Of(JsonNode.Parse(await http.GetStringAsync(new Uri(node.Url, "/doc"), ct))!);
        await FillAsync(ct);
        await LearnAsync(ct);
        var before = Burden.Of(life);
        using var half = new CancellationTokenSource(length / 2);
        await WorkAsync(half.Token, ct);
        var middle = Burden.Of(life);
        using var rest = new CancellationTokenSource(length / 2);
        await WorkAsync(rest.Token, ct);
        await GrowthAsync(life, before, middle, ct);

        var answers = string.Join(", ",
            _answers.OrderBy(pair => pair.Key)
            .Select(pair => $"{pair.Value} x {(pair.Key == 0 ? "nothing" : pair.Key.ToString(CultureInfo.InvariantCulture))}"));
        Console.WriteLine(
            $"seed {seed}, {length.TotalSeconds} s: {_next} requests to {_addresses.Count} addresses, with {_vocabulary.Count} words learnt from their "
                + $"errors: {answers}");
        Console.WriteLine(_faults.IsEmpty
            ? $"Exactly right: every answer was one. {Burden.Of(life)}; {before} at first."
            : $"WRONG in {_faults.Count} ways:\n  {string.Join("\n  ", _faults.OrderBy(pair => pair.Key).Take(MostFaults).Select(Line))}");
        return _faults.IsEmpty ? 0 : 1;
    }

    private static string Line(KeyValuePair<string, (int Count, string First)> fault) =>
        $"{fault.Key} ({fault.Value.Count} times, first at {fault.Value.First})";

    /// <summary>Something to be found.</summary>
    private async Task FillAsync(CancellationToken ct)
    {
        foreach (var address in _addresses.Where(address => address.Item is not null))
        {
            var random = new Random(seed);
            var items = Enumerable.Range(0, 2_000).Select(_ => address.Valid(_vocabulary, random)?.ToJsonString() ?? "{}");
            var reply = await AskAsync(FuzzRequest.Sending(address, Encoding.UTF8.GetBytes($"[{string.Join(',', items)}]")), "setting up", ct);
            _vocabulary.Learn(reply?.Json());
        }
    }

    /// <summary>Before the rest, so that all of it follows from the seed.</summary>
    private async Task LearnAsync(CancellationToken ct)
    {
        foreach (var address in _addresses)
        {
            foreach (var parameter in address.Query)
            {
                if (await AskAsync(FuzzRequest.Asking(address, parameter, "\u0001?"), "learning", ct) is { Status: >= 400 } reply && !reply.IsCut)
                {
                    _vocabulary.Learn(reply.Json());
                }
            }
        }
    }

    private Task WorkAsync(CancellationToken stop, CancellationToken ct) => Task.WhenAll(Enumerable.Range(0, Workers).Select(async _ =>
    {
        while (!stop.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref _next);
            await AskAsync(FuzzRequest.Make(_addresses, _vocabulary, new Random(HashCode(seed, number))), $"request {number}", ct);
        }
    }));

    private async Task<Reply?> AskAsync(FuzzRequest request, string when, CancellationToken ct)
    {
        try
        {
            var reply = await Reply.ToAsync(request, node.Url.Port, ct);
            _answers.AddOrUpdate(reply.Status, 1, (_, count) => count + 1);
            if (reply.Fault(request) is { } fault)
            {
                Blame($"{request.Address.Method} {request.Address.Path}: {fault}", request, when);
            }

            return reply;
        }
        catch (Exception e) when (e is TimeoutException or System.Net.Sockets.SocketException)
        {
            Blame($"{request.Address.Method} {request.Address.Path}: {e.Message}", request, when);
            return null;
        }
    }

    private void Blame(string fault, FuzzRequest request, string when) =>
        _faults.AddOrUpdate(fault, (1, $"{when}: {request}"), (_, known) => known with { Count = known.Count + 1 });

    /// <summary>Connections that were left are noticed in time, so what is held is looked at until it is no more than before.</summary>
    private async Task GrowthAsync(int life, Burden before, Burden middle, CancellationToken ct)
    {
        if (node.Ended > 0 || node.ProcessId != life || !Directory.Exists($"/proc/{life}"))
        {
            _faults["the server ended"] = (1, "its process is gone");
            return;
        }

        var after = Burden.Of(life);
        for (var tries = 0; tries < 60 && (after.Files > before.Files + MoreFiles || after.Threads > before.Threads + MoreThreads); tries++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), ct);
            after = Burden.Of(life);
        }

        if (after.Files > before.Files + MoreFiles || after.Threads > before.Threads + MoreThreads
            || (after.Memory > middle.Memory * MoreMemory && after.Memory > middle.Memory + LeastMemory))
        {
            _faults["the server grew"] = (1, $"{before} at first, {middle} after a half, {after} at the end");
        }

        (await http.GetAsync(new Uri(node.Url, "/health/readiness"), ct)).EnsureSuccessStatusCode();
    }

    // The same in every process, which the framework's own is not.
    private static int HashCode(int seed, int number) => unchecked((seed * 486_187_739) + (number * 16_777_619));

    /// <summary>What a process holds.</summary>
    /// <param name="Memory">Bytes that are resident.</param>
    private readonly record struct Burden(long Memory, int Threads, int Files)
    {
        public static Burden Of(int process) => Directory.Exists($"/proc/{process}")
            ? new(Line(process, "VmRSS:") * 1024, (int)Line(process, "Threads:"), Directory.GetFiles($"/proc/{process}/fd").Length)
            : default;

        public override string ToString() => $"{Memory / 1024 / 1024} MB, {Threads} threads, {Files} files";

        private static long Line(int process, string name) =>
            long.Parse(File.ReadLines($"/proc/{process}/status").First(line =>
                line.StartsWith(name, StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
