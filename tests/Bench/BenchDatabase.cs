using System.Globalization;
using Npgsql;

namespace Bayou.Bench;

/// <summary>The bench's own eyes on the database.</summary>
internal sealed class BenchDatabase(NpgsqlDataSource source, int postmaster)
{
    public NpgsqlDataSource Source => source;

    /// <summary>CPU seconds of PostgreSQL and all its processes, gone ones too.</summary>
    public double CpuSeconds => ProcessFigures.Family(postmaster).Sum(one => one.Ticks + (one.Id == postmaster ? one.TicksOfGone : 0)) / 100.0;

    /// <summary>Of all its processes: memory of their own, and their shares of what they have together.</summary>
    public double ProportionalMegabytes => ProcessFigures.Family(postmaster).Sum(one => ProcessFigures.ProportionalMegabytes(one.Id));

    public async Task<double> ScalarAsync(string sql)
    {
        await using var command = source.CreateCommand(sql);
        return Convert.ToDouble(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    public async Task ExecuteAsync(string sql, params object[] values)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 1_800;
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Waits until all that was acknowledged is in its windows.</summary>
    public async Task SettledAsync()
    {
        while (await ScalarAsync("SELECT count(*) FROM ingest_journal") > 0)
        {
            await Task.Delay(50);
        }
    }

    /// <summary>Waits until all that is over is rolled up.</summary>
    public async Task RolledUpAsync()
    {
        while (await ScalarAsync("SELECT count(*) FROM metric_marks WHERE start + make_interval(secs => seconds) <= now()") > 0)
        {
            await Task.Delay(200);
        }
    }
}
