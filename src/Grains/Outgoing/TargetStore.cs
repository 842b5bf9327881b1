using System.Text.Json;
using Bayou.Database;
using Microsoft.AspNetCore.DataProtection;
using Npgsql;

namespace Bayou.Outgoing;

/// <summary>Where a service is reached.</summary>
/// <param name="Stage">Empty for whatever stage has none of its own.</param>
/// <param name="Headers">Sent with every call; secrets.</param>
/// <param name="IsProduction">Whoever sends a captured request there is asked again.</param>
internal sealed record Target(
    string Service, string Stage, Uri BaseUrl, IReadOnlyDictionary<string, string> Headers, bool AllowPrivate, bool IsProduction = false);

/// <summary>Targets, whose headers are in the database encrypted.</summary>
internal sealed class TargetStore(NpgsqlDataSource db, IDataProtectionProvider protection)
{
    private readonly IDataProtector _protector = protection.CreateProtector("bayou targets 1");

    /// <summary>That of the stage, or else that of all stages.</summary>
    public async Task<Target?> FindAsync(int project, string service, string stage, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        return await ReadAsync(connection, project, service, [stage, ""], "", ct);
    }

    /// <param name="headers">Null keeps those that were, where the origin stays: of another one they would be told to whoever is there.</param>
    /// <returns>What there is now.</returns>
    public async Task<Target> PutAsync(
        NpgsqlConnection connection, int project, Target target, IReadOnlyDictionary<string, string>? headers, CancellationToken ct)
    {
        var before = headers is null ? await ReadAsync(connection, project, target.Service, [target.Stage], "FOR UPDATE", ct) : null;
        var isSameOrigin = before?.BaseUrl.GetLeftPart(UriPartial.Authority) == target.BaseUrl.GetLeftPart(UriPartial.Authority);
        target = target with { Headers = headers ?? (isSameOrigin ? before!.Headers : new Dictionary<string, string>()) };
        await using var command = new NpgsqlCommand("""
            INSERT INTO targets (project_id, service, stage, base_url, headers, header_names, allow_private, is_production)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (project_id, service, stage) DO UPDATE SET base_url = excluded.base_url, headers = excluded.headers,
                   header_names = excluded.header_names, allow_private = excluded.allow_private,
                   is_production = excluded.is_production, updated_at = now()
            """, connection);
        command.With(project, target.Service, target.Stage, target.BaseUrl.ToString());
        command.With(target.Headers.Count == 0 ? null : _protector.Protect(JsonSerializer.Serialize(target.Headers)));
        command.With<string[]>([.. target.Headers.Keys.Order(StringComparer.OrdinalIgnoreCase)]);
        command.With(target.AllowPrivate, target.IsProduction);
        await command.ExecuteNonQueryAsync(ct);
        return target;
    }

    private async Task<Target?> ReadAsync(NpgsqlConnection connection, int project, string service, string[] stages, string locking, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT service, stage, base_url, headers, allow_private, is_production FROM targets
             WHERE project_id = $1 AND service = $2 AND stage = ANY ($3) ORDER BY stage DESC LIMIT 1 {locking}
            """, connection);
        command.With(project, service, stages);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new(reader.GetString(0), reader.GetString(1), new(reader.GetString(2)), Open(await reader.TextOrNullAsync(3, ct)), reader.GetBoolean(4),
                reader.GetBoolean(5))
            : null;
    }

    private Dictionary<string, string> Open(string? encrypted) =>
        encrypted is null ? [] : JsonSerializer.Deserialize<Dictionary<string, string>>(_protector.Unprotect(encrypted))!;
}
