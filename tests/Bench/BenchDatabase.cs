using System.Globalization;
using Npgsql;

namespace Bayou.Bench;

/// <summary>The bench's own eyes on the database.</summary>
internal sealed class BenchDatabase(NpgsqlDataSource source, int postmaster)
{
    public NpgsqlDataSource Source => source;

    /// <summary>CPU seconds of PostgreSQL and all its processes, gone ones too.</summary>
    public double CpuSeconds
    {
        get
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
    }

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
