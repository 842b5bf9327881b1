using System.Diagnostics;
using System.Globalization;

namespace Bayou;

/// <summary>
/// A PostgreSQL of this process's own, by the script that <c>./bayou</c> uses too (scripts/private-postgres.sh). It goes when this is
/// disposed of or the process ends, however that is.
/// </summary>
internal sealed class PrivatePostgres : IAsyncDisposable
{
    private readonly Process _script;

    private PrivatePostgres(Process script, string url, int postmaster, string? disk) => (_script, Url, Postmaster, Disk) = (script, url, postmaster, disk);

    /// <summary>As <c>BAYOU_DATABASE_URL</c> has it.</summary>
    public string Url { get; }

    /// <summary>The process that all of the server's others come from, until it crashes.</summary>
    public int Postmaster { get; }

    /// <summary>The folder of its disk, where it has one of its own.</summary>
    public string? Disk { get; }

    /// <param name="kind">durable, or throwaway, which trades safety for speed.</param>
    /// <param name="disk">The size of a disk of its own, as 1g, where this may mount one; empty for none.</param>
    /// <exception cref="InvalidOperationException">It could not be started; the script has said why.</exception>
    public static async Task<PrivatePostgres> StartAsync(string kind, string disk = "")
    {
        var script = Process.Start(new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "scripts", "private-postgres.sh"), kind, disk])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        return await script.StandardOutput.ReadLineAsync() is { } line && line.Split(' ') is [var url, var postmaster, var own]
            ? new(script, url, int.Parse(postmaster, CultureInfo.InvariantCulture), own.Length > 0 ? own : null)
            : throw new InvalidOperationException("scripts/private-postgres.sh could not start a PostgreSQL; its lines above say why.");
    }

    /// <summary>Ends it as a power cut would, and starts it again.</summary>
    public Task CrashAsync(CancellationToken ct) => TellAsync("crash", ct);

    /// <summary>Starts it where it has ended by itself.</summary>
    public Task RestartAsync(CancellationToken ct) => TellAsync("restart", ct);

    public async ValueTask DisposeAsync()
    {
        _script.StandardInput.Close();
        await _script.WaitForExitAsync();
        _script.Dispose();
    }

    private async Task TellAsync(string command, CancellationToken ct)
    {
        await _script.StandardInput.WriteLineAsync(command.AsMemory(), ct);
        await _script.StandardInput.FlushAsync(ct);
        if (await _script.StandardOutput.ReadLineAsync(ct) is not "done")
        {
            throw new InvalidOperationException($"The database did not come back after '{command}'.");
        }
    }
}
