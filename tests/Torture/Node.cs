using System.Diagnostics;

namespace Bayou.Torture;

/// <summary>A process that is started again and again.</summary>
/// <param name="settings">Environment variables.</param>
/// <param name="arguments">Beside its address.</param>
/// <param name="port">Where it serves; null for a free one.</param>
/// <param name="isSeen">Whether what it prints is.</param>
/// <param name="ofLife">More environment variables, new at each start.</param>
internal sealed class Node(
    string program, string name, string database, Dictionary<string, string> settings, string[]? arguments = null, int? port = null, bool isSeen = false,
    Func<Dictionary<string, string>>? ofLife = null)
{
    private readonly int _port = port ?? Ports.Claim();
    private readonly Lock _gate = new();
    private Process? _process;
    private bool _isKept;
    private bool _isOver;

    public string Name => name;

    /// <summary>Of the build that its next life runs.</summary>
    public string Folder { get; set; } = AppContext.BaseDirectory;

    /// <summary>Of its present life.</summary>
    public int? ProcessId => _process?.Id;

    public bool IsWeb => program != "Silo";

    public int Ended { get; private set; }

    /// <summary>Whether it gets requests.</summary>
    public bool IsOpen { get; private set; } = true;

    public Uri Url => new($"http://127.0.0.1:{_port}");

    /// <summary>Starts it, again and again while its database is away, until it answers.</summary>
    public Task StartAsync(HttpClient http, CancellationToken ct) => StartAsync(http, int.MaxValue, ct);

    /// <returns>Whether it answers; not when it has ended by itself so many times.</returns>
    public async Task<bool> StartAsync(HttpClient http, int lives, CancellationToken ct)
    {
        while (!await IsReadyAsync(http, ct))
        {
            lock (_gate)
            {
                if (_process is null or { HasExited: true })
                {
                    if (lives-- == 0)
                    {
                        return false;
                    }

                    Launch();
                }
            }

            await Task.Delay(100, ct);
        }

        lock (_gate)
        {
            _isKept = true;
        }

        return true;
    }

    /// <summary>Starts it again when it has ended by itself.</summary>
    public void Keep()
    {
        lock (_gate)
        {
            if (_isKept && _process is { HasExited: true })
            {
                Ended++;
                Launch();
            }
        }
    }

    public async Task LookAsync(HttpClient http, CancellationToken ct) => IsOpen = await IsReadyAsync(http, ct);

    /// <summary>Tells it to end, and returns how it did.</summary>
    public async Task<int> EndAsync(CancellationToken ct)
    {
        lock (_gate)
        {
            _isKept = false;
        }

        Signal("TERM");
        await _process!.WaitForExitAsync(ct);
        return _process.ExitCode;
    }

    /// <summary>Runs a command of its program as a build has it, with its settings.</summary>
    /// <returns>How that ended.</returns>
    public async Task<int> RunAsync(string folder, string command, CancellationToken ct)
    {
        using var process = Process.Start(Start([Path.Combine(folder, $"{program}.dll"), command]))!;
        try
        {
            await process.WaitForExitAsync(ct);
            return process.ExitCode;
        }
        finally
        {
            process.Kill(); // Where it has not ended.
        }
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        lock (_gate)
        {
            _isKept = false;
        }

        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
    }

    /// <summary>kill -9, and it is never started again.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isOver = true;
            if (_process is { HasExited: false })
            {
                _process.Kill();
            }
        }
    }

    /// <summary>STOP, or CONT.</summary>
    public void Signal(string signal)
    {
        if (_process is { HasExited: false })
        {
            using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
            kill.WaitForExit();
        }
    }

    private void Launch()
    {
        if (_isOver)
        {
            return;
        }

        var start = Start([Path.Combine(Folder, $"{program}.dll"), .. arguments ?? [], "--urls", Url.ToString()]);
        // Else its every start would be told, and why a silo takes itself for dead.
        start.RedirectStandardOutput = start.RedirectStandardError = !isSeen;
        _process = Process.Start(start)!;
        if (!isSeen)
        {
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }
    }

    private ProcessStartInfo Start(string[] command)
    {
        var start = new ProcessStartInfo("dotnet", command) { Environment = { ["BAYOU_DATABASE_URL"] = database } };
        foreach (var (key, value) in settings.Concat(ofLife?.Invoke() ?? []))
        {
            start.Environment[key] = value;
        }

        return start;
    }

    private async Task<bool> IsReadyAsync(HttpClient http, CancellationToken ct)
    {
        if (_process is null or { HasExited: true })
        {
            return false;
        }

        try
        {
            using var response = await http.GetAsync(new Uri(Url, IsWeb ? "/health/readiness" : "/health/liveness"), ct);
            return response.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            return false;
        }
    }
}
