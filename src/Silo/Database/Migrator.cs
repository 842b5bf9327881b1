using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Bayou.Hosting;
using Bayou.Jobs;
using Bayou.Metrics;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Database;

/// <summary>
/// Brings the database up to this version before anything else starts: numbered SQL files, applied once each
/// and never changed, one process at a time.
/// </summary>
internal sealed partial class Migrator(
    NpgsqlDataSource db,
    WindowPartitions partitions,
    JobCleanup jobs,
    IOptions<DatabaseOptions> options,
    TimeProvider time,
    ILogger<Migrator> logger) : IHostedService
{
    private const int OldestServer = 150_000;
    private const long Lock = 0x6261796f75; // "bayou"

    /// <exception cref="CannotStartException">The server is too old or unsafe, or a migration has been changed.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using (var connection = await db.OpenConnectionAsync(cancellationToken))
        {
            await CheckServerAsync(connection, cancellationToken);
            await ExecuteAsync(connection, $"SELECT pg_advisory_lock({Lock})", cancellationToken);
            try
            {
                await MigrateAsync(connection, cancellationToken);
            }
            finally
            {
                // A broken connection has given the lock up already; asking it would hide why it broke.
                if (connection.State == System.Data.ConnectionState.Open)
                {
                    await ExecuteAsync(connection, $"SELECT pg_advisory_unlock({Lock})", CancellationToken.None);
                }
            }
        }

        await partitions.EnsureAsync(time.GetUtcNow(), cancellationToken);
        await jobs.EnsureAsync(time.GetUtcNow(), cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task CheckServerAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var version = int.Parse(await ScalarAsync(connection, "SHOW server_version_num", ct), System.Globalization.CultureInfo.InvariantCulture);
        if (version < OldestServer)
        {
            throw new CannotStartException($"PostgreSQL {connection.PostgreSqlVersion} is too old; Bayou needs 15 or newer.");
        }

        foreach (var setting in (string[])["fsync", "synchronous_commit"])
        {
            if (await ScalarAsync(connection, $"SHOW {setting}", ct) == "off" && !options.Value.AllowUnsafe)
            {
                throw new CannotStartException(
                    $"The server has {setting} = off, so that a crash can lose what Bayou has acknowledged. "
                    + $"Turn it on, or set {DatabaseOptions.Section}:{nameof(DatabaseOptions.AllowUnsafe)}.");
            }
        }
    }

    private async Task MigrateAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await ExecuteAsync(connection, """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                name       text        PRIMARY KEY,
                sha256     text        NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now()
            )
            """, ct);
        var applied = await AppliedAsync(connection, ct);
        foreach (var (name, sql) in Files())
        {
            var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql)));
            if (applied.TryGetValue(name, out var before))
            {
                if (before != digest)
                {
                    throw new CannotStartException($"Migration {name} is not the one this database was made with; migrations never change.");
                }

                continue;
            }

            await using var transaction = await connection.BeginTransactionAsync(ct);
            await ExecuteAsync(connection, sql, ct);
            await using var record = new NpgsqlCommand("INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2)", connection, transaction);
            record.With(name, digest);
            await record.ExecuteNonQueryAsync(ct);
            await transaction.CommitAsync(ct);
            Applied(name);
        }
    }

    private static async Task<Dictionary<string, string>> AppliedAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var applied = new Dictionary<string, string>(StringComparer.Ordinal);
        await using var command = new NpgsqlCommand("SELECT name, sha256 FROM schema_migrations", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            applied[reader.GetString(0)] = reader.GetString(1);
        }

        return applied;
    }

    private static IEnumerable<(string Name, string Sql)> Files()
    {
        var assembly = Assembly.GetExecutingAssembly();
        const string Folder = ".Migrations.";
        foreach (var resource in assembly.GetManifestResourceNames().Where(r => r.Contains(Folder, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            yield return (resource[(resource.IndexOf(Folder, StringComparison.Ordinal) + Folder.Length)..], reader.ReadToEnd());
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task<string> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (string)(await command.ExecuteScalarAsync(ct))!;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Applied migration {name}")]
    private partial void Applied(string name);
}
