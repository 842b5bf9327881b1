using System.Diagnostics;
using Bayou.Jobs;
using Npgsql;

namespace Bayou.Torture;

internal sealed record RowPayload;

/// <summary>Writes a row in the transaction that ends it: there must be one for each job, whatever happens.</summary>
internal sealed class RowJob(NpgsqlDataSource db) : IJob<RowPayload>
{
    public const string Name = "torture.row";

    /// <summary>Nothing keeps it from having a job twice.</summary>
    public const string Table = "CREATE TABLE IF NOT EXISTS torture_rows (job_id bigint NOT NULL)";

    public static JobType Type { get; } = new(Name, "Writes a row.")
    {
        MaxAttempts = 100, Backoff = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1)),
    };

    public async Task<object?> RunAsync(RowPayload payload, JobContext job, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var row = new NpgsqlCommand("INSERT INTO torture_rows VALUES ($1)", connection) { Parameters = { new() { Value = job.Id } } };
        await row.ExecuteNonQueryAsync(ct);
        await job.CompleteAsync(connection, ct: ct);
        await transaction.CommitAsync(ct);
        return null;
    }
}

/// <summary>Ends the process that runs it.</summary>
internal sealed class KillJob : IJob<RowPayload>
{
    public const string Name = "torture.kill";

    public static JobType Type { get; } = new(Name, "Ends its process.") { MaxAttempts = 100 };

    public async Task<object?> RunAsync(RowPayload payload, JobContext job, CancellationToken ct)
    {
        using var own = Process.GetCurrentProcess();
        own.Kill();
        await own.WaitForExitAsync(ct);
        return null;
    }
}
