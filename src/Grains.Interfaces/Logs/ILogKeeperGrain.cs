namespace Bayou.Logs;

/// <summary>Seals log segments and lets those go that are past their retention; one per cluster, key <see cref="Key"/>.</summary>
[Alias("logs.keeper")]
public interface ILogKeeperGrain : IGrainWithStringKey
{
    const string Key = "logs";

    /// <summary>Registers the reminder: a run each minute.</summary>
    [Alias("ensure-scheduled")]
    Task EnsureScheduledAsync();

    /// <summary>
    /// Closes what has been open for too long, seals what is closed and expires what is too old; returns how many segments that were. Repeating is harmless.
    /// </summary>
    [Alias("run")]
    Task<int> RunAsync(CancellationToken ct);
}
