using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

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

    public static async Task<Server> StartAsync(string database, Table table)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        listener.Stop();
        var clock = Stopwatch.StartNew();
        var process = Process.Start(new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "WebApi.dll"), "--urls", url.ToString() },
            Environment = { ["BAYOU_DATABASE_URL"] = database, ["Bayou__Enabled"] = "false", ["LOG_LEVEL"] = "Warning" },
            RedirectStandardOutput = true,
        })!;
        process.BeginOutputReadLine();
        var server = new Server(process, url);
        while (!await server.IsReadyAsync())
        {
            await Task.Delay(10);
        }

        table.Add("start to first answer, migrations among it", $"{clock.Elapsed.TotalSeconds:0.00} s", "", "≤ 2 s");
        return server;
    }

    /// <summary>CPU seconds of PostgreSQL and all its processes, gone ones too.</summary>
    public static double PostgresCpuSeconds(int postmaster)
    {
        var ticks = 0L;
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            try
            {
                var text = File.ReadAllText($"{folder}/stat");
                var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
                var isPostmaster = Path.GetFileName(folder) == postmaster.ToString(CultureInfo.InvariantCulture);
                if (isPostmaster || fields[1] == postmaster.ToString(CultureInfo.InvariantCulture))
                {
                    ticks += long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
                }

                if (isPostmaster)
                {
                    ticks += long.Parse(fields[13], CultureInfo.InvariantCulture) + long.Parse(fields[14], CultureInfo.InvariantCulture);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue; // It has ended meanwhile; its parent counts it.
            }
        }

        return ticks / 100.0;
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        Http.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var response = await Http.GetAsync(new Uri(url, "/health/readiness"));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
