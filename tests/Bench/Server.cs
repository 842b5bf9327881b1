using System.Diagnostics;
using System.Net;

namespace Bayou.Bench;

/// <summary>The product as a process of its own, so that its figures are not the bench's.</summary>
internal sealed class Server(Process process, Uri url) : IAsyncDisposable
{
    public Uri Url => url;

    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromMinutes(5) };

    public double CpuSeconds
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime.TotalSeconds;
        }
    }

    public double Megabytes
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64 / 1e6;
        }
    }

    public static Task<Server> StartAsync(string database, Table table) => StartAsync(Settings(database), table);

    public static async Task<Server> StartAsync(Dictionary<string, string> settings, Table table)
    {
        var clock = Stopwatch.StartNew();
        var server = await LaunchAsync("WebApi.dll", [], settings);
        table.Add("start to first answer, migrations among it", $"{clock.Elapsed.TotalSeconds:0.00} s", "", "≤ 2 s");
        return server;
    }

    /// <summary>Memory of its own, and its share of what it has with others.</summary>
    public double ProportionalMegabytes => ProcessFigures.ProportionalMegabytes(process.Id);

    /// <summary>As <c>./bayou up</c> runs it.</summary>
    public static Dictionary<string, string> AsInstalled(string database) => new() { ["BAYOU_DATABASE_URL"] = database, ["LOG_LEVEL"] = "Error" };

    public static Dictionary<string, string> Settings(string database) => new()
    {
        ["BAYOU_DATABASE_URL"] = database,
        ["Bayou__Enabled"] = "false",
        ["Bayou__Metrics__MaxEndpoints"] = "100000",
        ["LOG_LEVEL"] = "Error",
    };

    /// <summary>One that reads and forgets.</summary>
    public static Task<Server> StartDiscardingAsync() => LaunchAsync("Bench.dll", ["--discard"], []);

    public static async Task<Server> LaunchAsync(string program, string[] args, Dictionary<string, string> environment)
    {
        var url = new Uri($"http://127.0.0.1:{Ports.Claim()}");
        var start = new ProcessStartInfo("dotnet",
            [Path.Combine(AppContext.BaseDirectory, program), .. args, "--urls", url.ToString()]) { RedirectStandardOutput = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        var server = new Server(process, url);
        AppDomain.CurrentDomain.ProcessExit += server.End; // Nothing is left of a bench that is interrupted.
        while (!await server.IsReadyAsync())
        {
            await Task.Delay(10);
        }

        return server;
    }

    /// <summary>Sends a body until it is acknowledged.</summary>
    public async Task SendAsync(byte[] body, string path = "/ingest/v1/requests", string type = "application/x-ndjson")
    {
        while (true)
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new(type) } };
            using var response = await Http.PostAsync(new Uri(Url, path), content);
            if (response.IsSuccessStatusCode)
            {
                return;
            }

            if (response.StatusCode != HttpStatusCode.ServiceUnavailable)
            {
                throw new InvalidOperationException($"{response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
            }

            await Task.Delay(100);
        }
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= End;
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        Http.Dispose();
    }

    private void End(object? sender, EventArgs e) => process.Kill();

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var response = await Http.GetAsync(new Uri(url, "/health/liveness"));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
