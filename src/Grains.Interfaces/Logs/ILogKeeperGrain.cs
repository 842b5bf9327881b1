namespace Bayou.Logs;

/// <summary>Seals log segments and lets those go that are past their retention; one per cluster, key <see cref="Key"/>.</summary>
[Alias("logs.keeper")]
public interface ILogKeeperGrain : IGrainWithStringKey
{
    const string Key = "logs";

    /// <summary>Does nothing but wake it. Silos of before there were schedules call it at their start.</summary>
    [Alias("ensure-scheduled")]
    Task EnsureScheduledAsync();

    /// <summary>
    /// Closes what has been open for too long, seals what is closed and expires what is too old; returns how many segments that were. Repeating is harmless.
    /// </summary>
    [Alias("run")]
    [ResponseTimeout("01:00:00")]
    Task<int> RunAsync(CancellationToken ct);

    /// <summary>Drops what is past its retention, and patterns that no line has; returns how many tables that were. Repeating is harmless.</summary>
    [Alias("clean-up")]
    [ResponseTimeout("01:00:00")]
    Task<int> CleanUpAsync(CancellationToken ct);
}
