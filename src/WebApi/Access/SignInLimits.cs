using Bayou.Database;
using Npgsql;

namespace Bayou.Access;

/// <summary>
/// Slows down who guesses passwords, whichever node they ask: so many attempts for an account, and for a network address, in a quarter of an hour.
/// </summary>
internal sealed class SignInLimits(NpgsqlDataSource db, TimeProvider time)
{
    private const int OfAccount = 10;
    private const int OfAddress = 50;
    private static readonly TimeSpan Quarter = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    /// <summary>Counts an attempt before it is made.</summary>
    /// <returns>How long to wait with it; null for not at all.</returns>
    public async Task<TimeSpan?> TakeAsync(string email, string address, CancellationToken ct)
    {
        var since = Since();
        await using var command = db.CreateCommand("""
            WITH gone AS (DELETE FROM sign_in_attempts WHERE since < $4)
            INSERT INTO sign_in_attempts AS a (subject, since, failures) VALUES ($1, $3, 1), ($2, $3, 1)
            ON CONFLICT (subject, since) DO UPDATE SET failures = a.failures + 1
            RETURNING a.subject = $1, a.failures
            """);
        command.With<byte[]>(Account(email));
        command.With<byte[]>(Secret.Hash($"address {address}"));
        command.With(since, since - Kept);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var isOver = false;
        while (await reader.ReadAsync(ct))
        {
            isOver |= reader.GetInt32(1) > (reader.GetBoolean(0) ? OfAccount : OfAddress);
        }

        return isOver ? since + Quarter - time.GetUtcNow().UtcDateTime : null;
    }

    /// <summary>An attempt was right: its account begins anew.</summary>
    public async Task ForgetAsync(string email, CancellationToken ct)
    {
        await using var command = db.CreateCommand("DELETE FROM sign_in_attempts WHERE subject = $1 AND since = $2");
        command.With<byte[]>(Account(email));
        command.With(Since());
        await command.ExecuteNonQueryAsync(ct);
    }

    private static byte[] Account(string email) => Secret.Hash($"account {email.ToLowerInvariant()}");

    private DateTime Since()
    {
        var now = time.GetUtcNow().UtcDateTime;
        return now.AddTicks(-(now.Ticks % Quarter.Ticks));
    }
}
