using System.Security.Cryptography;
using Bayou.Database;
using Microsoft.AspNetCore.DataProtection;
using Npgsql;
using OtpNet;

namespace Bayou.Access;

/// <summary>What an authenticator app takes.</summary>
/// <param name="Secret">To be typed, in base32.</param>
/// <param name="Uri">To be shown as a QR code: <c>otpauth://totp/…</c>.</param>
internal sealed record NewFactor(string Secret, string Uri);

/// <summary>
/// Codes of an authenticator app (RFC 6238: six digits, each half a minute, SHA-1, as all apps have it), asked for beside the password. A code is good for
/// half a minute before and after its own, once. Recovery codes stand for one each, where the app is lost.
/// </summary>
internal sealed partial class SecondFactors(
    NpgsqlDataSource db, IDataProtectionProvider protection, TimeProvider time, ILogger<SecondFactors> logger)
{
    private const int SecretBytes = 20;
    private const int RecoveryCodes = 10;
    private const string RecoveryLetters = "abcdefghjkmnpqrstuvwxyz23456789"; // none like another
    private const int RecoveryLength = 16; // 79 bits

    private static readonly VerificationWindow Window = new(previous: 1, future: 1);

    private readonly IDataProtector _protector = protection.CreateProtector("bayou.second_factors");

    public static async Task<bool> HasAsync(NpgsqlConnection connection, int person, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            "SELECT EXISTS (SELECT FROM second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL)", connection);
        command.With(person);
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Makes one, which is asked for once a code of it was shown.</summary>
    /// <returns>Null where there is one already.</returns>
    public async Task<NewFactor?> BeginAsync(int person, string email, CancellationToken ct)
    {
        var secret = RandomNumberGenerator.GetBytes(SecretBytes);
        await using var command = db.CreateCommand("""
            INSERT INTO second_factors AS f (user_id, secret) VALUES ($1, $2)
            ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, last_step = 0 WHERE f.confirmed_at IS NULL
            """);
        command.With(person, Convert.ToBase64String(_protector.Protect(secret)));
        return await command.ExecuteNonQueryAsync(ct) == 0 ? null
            : new(Base32Encoding.ToString(secret), new OtpUri(OtpType.Totp, secret, email, "Bayou").ToString());
    }

    /// <summary>Has it asked for from now on.</summary>
    /// <returns>Recovery codes, told this once; null where the code is not right, or there is nothing to confirm.</returns>
    public async Task<string[]?> ConfirmAsync(NpgsqlConnection connection, int person, string code, CancellationToken ct)
    {
        if (!await ShowAsync(connection, person, code, isConfirmed: false, ct))
        {
            return null;
        }

        var codes = Enumerable.Range(0, RecoveryCodes).Select(_ => RandomNumberGenerator.GetString(RecoveryLetters, RecoveryLength)).ToArray();
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new("UPDATE second_factors SET confirmed_at = now() WHERE user_id = $1") { Parameters = { new() { Value = person } } });
        batch.BatchCommands.Add(new("DELETE FROM recovery_codes WHERE user_id = $1") { Parameters = { new() { Value = person } } });
        batch.BatchCommands.Add(new("INSERT INTO recovery_codes (user_id, hash) SELECT $1, unnest($2)")
        {
            Parameters = { new() { Value = person }, new() { Value = Array.ConvertAll(codes, Secret.Hash) } },
        });
        await batch.ExecuteNonQueryAsync(ct);
        return Array.ConvertAll(codes, one => string.Join('-', one.Chunk(4).Select(part => new string(part))));
    }

    /// <summary>Takes a code, or a recovery code, which is gone with it.</summary>
    /// <returns>Whether it is right, and was not used before.</returns>
    public async Task<bool> ShowAsync(NpgsqlConnection connection, int person, string code, CancellationToken ct) =>
        await ShowAsync(connection, person, code, isConfirmed: true, ct) || await RecoverAsync(connection, person, code, ct);

    /// <summary>Whether a code is right, or none is asked for.</summary>
    public async Task<bool> PassesAsync(NpgsqlConnection connection, int person, string? code, CancellationToken ct) =>
        !await HasAsync(connection, person, ct)
            || (code is not null && await ShowAsync(connection, person, code, ct));

    public static async Task<bool> RemoveAsync(NpgsqlConnection connection, int person, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            WITH codes AS (DELETE FROM recovery_codes WHERE user_id = $1) DELETE FROM second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL
            """, connection);
        command.With(person);
        return await command.ExecuteNonQueryAsync(ct) > 0;
    }

    private async Task<bool> ShowAsync(NpgsqlConnection connection, int person, string code, bool isConfirmed, CancellationToken ct)
    {
        byte[] secret;
        await using (var read = new NpgsqlCommand(
            "SELECT secret FROM second_factors WHERE user_id = $1 AND (confirmed_at IS NOT NULL) = $2 FOR UPDATE", connection))
        {
            read.With(person, isConfirmed);
            if (await read.ExecuteScalarAsync(ct) is not string stored)
            {
                return false;
            }

            try
            {
                secret = _protector.Unprotect(Convert.FromBase64String(stored));
            }
            catch (CryptographicException e)
            {
                NotRead(person, e); // Recovery codes work all the same.
                return false;
            }
        }

        var given = string.Concat(code.Where(char.IsAsciiDigit));
        if (!new Totp(secret).VerifyTotp(time.GetUtcNow().UtcDateTime, given, out var step, Window))
        {
            return false;
        }

        await using var use = new NpgsqlCommand("UPDATE second_factors SET last_step = $2 WHERE user_id = $1 AND last_step < $2", connection);
        use.With(person, step);
        return await use.ExecuteNonQueryAsync(ct) > 0;
    }

    private static async Task<bool> RecoverAsync(NpgsqlConnection connection, int person, string code, CancellationToken ct)
    {
        await using var use = new NpgsqlCommand("DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2", connection);
        use.With(person);
        use.With<byte[]>(Secret.Hash(string.Concat(code.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant()));
        return await use.ExecuteNonQueryAsync(ct) > 0;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The second factor of person {person} was encrypted by another secret key; its codes cannot be checked")]
    private partial void NotRead(int person, Exception exception);
}
