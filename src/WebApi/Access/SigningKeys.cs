using System.Collections.Frozen;
using System.Security.Cryptography;
using Bayou.Database;
using Microsoft.AspNetCore.DataProtection;
using Npgsql;

namespace Bayou.Access;

/// <summary>
/// The keys by which access tokens are signed, the same on all nodes. Each signs for a month, and proves what it signed until that has expired.
/// </summary>
internal sealed partial class SigningKeys(NpgsqlDataSource db, IDataProtectionProvider protection, TimeProvider time, ILogger<SigningKeys> logger)
    : IDisposable
{
    private static readonly TimeSpan Signs = TimeSpan.FromDays(30);
    private static readonly TimeSpan Proves = Signs + TimeSpan.FromDays(1);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(5); // for a key that is not known here: it may be made up
    private static readonly AdvisoryLock Lock = new("signing_keys");
    private const int Bytes = 32;

    private readonly IDataProtector _protector = protection.CreateProtector("bayou.signing_keys");
    private FrozenDictionary<string, SigningKey> _known = FrozenDictionary<string, SigningKey>.Empty;
    private readonly SemaphoreSlim _looking = new(1);
    private long? _looked;

    /// <summary>The one that signs now; a new one where there is none, or the last has signed for long enough.</summary>
    public async Task<SigningKey> CurrentAsync(CancellationToken ct)
    {
        if (Newest() is { } known)
        {
            return known;
        }

        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await Lock.AcquireAsync(connection, ct);
        await ReadAsync(connection, ct);
        if (Newest() is not { } key)
        {
            key = new($"{Guid.NewGuid()}", RandomNumberGenerator.GetBytes(Bytes), time.GetUtcNow());
            await using var command = new NpgsqlCommand("INSERT INTO signing_keys (id, secret, created_at) VALUES ($1, $2, $3)", connection);
            command.With(Guid.Parse(key.Id), Convert.ToBase64String(_protector.Protect(key.Secret)), key.CreatedAt.UtcDateTime);
            await command.ExecuteNonQueryAsync(ct);
            await transaction.CommitAsync(ct);
            await ReadAsync(connection, ct);
        }

        return key;
    }

    /// <returns>Null for one that there is not, or that has expired.</returns>
    public async ValueTask<SigningKey?> FindAsync(string id, CancellationToken ct)
    {
        if (!_known.ContainsKey(id))
        {
            await LookAsync(id, ct);
        }

        return _known.GetValueOrDefault(id) is { } key && time.GetUtcNow() - key.CreatedAt < Proves ? key : null;
    }

    /// <summary>Whoever comes while another looks waits for what that one sees.</summary>
    private async Task LookAsync(string id, CancellationToken ct)
    {
        await _looking.WaitAsync(ct);
        try
        {
            if (!_known.ContainsKey(id) && (_looked is not { } last || time.GetElapsedTime(last) > BetweenLooks))
            {
                await using var connection = await db.OpenConnectionAsync(ct);
                await ReadAsync(connection, ct);
                _looked = time.GetTimestamp();
            }
        }
        finally
        {
            _looking.Release();
        }
    }

    public void Dispose() => _looking.Dispose();

    private SigningKey? Newest() => _known.Values.Where(key => time.GetUtcNow() - key.CreatedAt < Signs).MaxBy(key => key.CreatedAt);

    private async Task ReadAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("SELECT id, secret, created_at FROM signing_keys", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var keys = new Dictionary<string, SigningKey>(StringComparer.Ordinal);
        while (await reader.ReadAsync(ct))
        {
            var id = $"{reader.GetGuid(0)}";
            try
            {
                keys[id] = new(id, _protector.Unprotect(Convert.FromBase64String(reader.GetString(1))), reader.GetDateTime(2));
            }
            catch (CryptographicException e)
            {
                NotRead(id, e); // Another BAYOU_SECRET_KEY had it; what it signed is void, and another key signs.
            }
        }

        _known = keys.ToFrozenDictionary(StringComparer.Ordinal);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The signing key {id} was encrypted by another secret key; tokens that it signed are void")]
    private partial void NotRead(string id, Exception exception);
}

/// <param name="Secret">For HMAC-SHA-256.</param>
internal sealed record SigningKey(string Id, byte[] Secret, DateTimeOffset CreatedAt);
