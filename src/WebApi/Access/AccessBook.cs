using System.Collections.Concurrent;
using Bayou.Database;
using Bayou.Hosting;
using Bayou.Projects;
using Bayou.Users;
using Npgsql;

namespace Bayou.Access;

/// <summary>
/// Knows who calls, by key or cookie, without asking PostgreSQL each time: what was found stays in memory until anything changes about who may do what. A
/// counter in PostgreSQL tells, which is looked at each second; a change made by this process counts at once.
/// </summary>
internal sealed partial class AccessBook(
    NpgsqlDataSource db, AccessToken token, FirstOwner first, TimeProvider time, ILogger<AccessBook> logger) : BackgroundService
{
    private const int MostRemembered = 10_000;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SessionIdle = TimeSpan.FromDays(30);
    private static readonly TimeSpan Used = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal); // by secret, as hexadecimal SHA-256
    private readonly ConcurrentDictionary<(CallerKind Kind, long Id), byte> _used = new();
    private long _generation; // of what is remembered: something read before a change is not remembered after it
    private long _revision;

    /// <summary>Whether somebody can sign in as an owner, so that everything needs a person, a session or a key.</summary>
    public bool HasPeople { get; private set; }

    /// <summary>Whether anybody who reaches this server may do everything.</summary>
    public bool IsOpen => !HasPeople && !token.IsRequired;

    /// <exception cref="CannotStartException">The network can reach this server, and nothing protects it.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await first.EnsureAsync(cancellationToken);
        await LookAsync(cancellationToken);
        if (IsOpen && token.ReachableAddress is { } address)
        {
            throw new CannotStartException(
                $"{address} can be reached from the network, so {AccessToken.Key} must be set (make one with: openssl rand -hex 24), or an administrator be "
                    + $"made: by ./bayou admin EMAIL, or by {FirstOwner.EmailKey} and {FirstOwner.PasswordKey}");
        }

        await base.StartAsync(cancellationToken);
    }

    /// <summary>Looks anew at once, after a change.</summary>
    public Task ChangedAsync(CancellationToken ct) => LookAsync(ct);

    /// <returns>Null for a key that is not known, has expired or was revoked.</returns>
    public ValueTask<Caller?> OfKeyAsync(string key, CancellationToken ct) => OfAsync(CallerKind.Key, Secret.Hash(key), ct);

    /// <returns>Null for a session that is not known, has expired or was revoked, or whose person may not sign in.</returns>
    public ValueTask<Caller?> OfSessionAsync(string cookie, CancellationToken ct) => OfAsync(CallerKind.Person, Secret.Hash(cookie), ct);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        var written = time.GetTimestamp();
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await LookAsync(stoppingToken);
                if (time.GetElapsedTime(written) >= Used)
                {
                    written = time.GetTimestamp();
                    await WriteUsedAsync(stoppingToken);
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested && DatabaseFailure.Is(e))
            {
                NotSeen(e);
            }
        }
    }

    private async ValueTask<Caller?> OfAsync(CallerKind kind, byte[] hash, CancellationToken ct)
    {
        var name = Convert.ToHexString(hash);
        if (!_known.TryGetValue(name, out var known))
        {
            var generation = Interlocked.Read(ref _generation);
            known = kind == CallerKind.Key ? await KeyAsync(hash, ct) : await SessionAsync(hash, ct);
            if (known is null)
            {
                return null; // Not remembered: of wrong secrets there is no end.
            }

            if (_known.Count >= MostRemembered)
            {
                _known.Clear();
            }

            if (generation == Interlocked.Read(ref _generation))
            {
                _known[name] = known;
            }
        }

        if (known.ExpiresAt <= time.GetUtcNow())
        {
            _known.TryRemove(name, out _); // Another process may have seen it used since.
            return null;
        }

        _used[(kind, kind == CallerKind.Key ? known.Caller.Id : known.Caller.Session)] = 0;
        return known.Caller;
    }

    private async Task LookAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT revision, EXISTS (SELECT FROM users WHERE {UserStore.IsActiveOwner}) FROM access_revision
            """);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        HasPeople = reader.GetBoolean(1);
        if (Interlocked.Exchange(ref _revision, reader.GetInt64(0)) != reader.GetInt64(0))
        {
            Interlocked.Increment(ref _generation);
            _known.Clear();
        }
    }

    private async Task<Known?> KeyAsync(byte[] hash, CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            "SELECT id, name, scopes, expires_at FROM api_keys WHERE hash = $1 AND revoked_at IS NULL AND project_id = $2");
        command.With<byte[]>(hash);
        command.With(Project.Default);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new(new(CallerKind.Key, reader.GetInt32(0), reader.GetString(1), null, Permissions.OfScopes(reader.GetFieldValue<string[]>(2))),
                await reader.IsDBNullAsync(3, ct) ? DateTimeOffset.MaxValue : reader.GetDateTime(3))
            : null;
    }

    private async Task<Known?> SessionAsync(byte[] hash, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT w.id, w.name, {UserStore.Role}, s.id, s.last_used_at
              FROM sessions s JOIN users w ON w.id = s.user_id LEFT JOIN members m ON m.user_id = w.id AND m.project_id = $2
             WHERE s.hash = $1 AND s.revoked_at IS NULL AND w.disabled_at IS NULL AND w.deleted_at IS NULL
            """);
        command.With<byte[]>(hash);
        command.With(Project.Default);
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
        {
            return null;
        }

        var role = await reader.IsDBNullAsync(2, ct) ? null : reader.GetString(2);
        return new(new(CallerKind.Person, reader.GetInt32(0), reader.GetString(1), role, Permissions.OfRole(role), reader.GetInt64(3)),
            new DateTimeOffset(reader.GetDateTime(4)) + SessionIdle);
    }

    /// <summary>Says of keys and sessions that they are in use, which also keeps sessions from ending.</summary>
    private async Task WriteUsedAsync(CancellationToken ct)
    {
        var used = _used.Keys.ToList();
        if (used.Count == 0)
        {
            return;
        }

        used.ForEach(one => _used.TryRemove(one, out _));
        await using var batch = db.CreateBatch();
        foreach (var (kind, table) in (ReadOnlySpan<(CallerKind, string)>)[(CallerKind.Key, "api_keys"), (CallerKind.Person, "sessions")])
        {
            batch.BatchCommands.Add(new($"UPDATE {table} SET last_used_at = now() WHERE id = ANY ($1)")
            {
                Parameters = { new() { Value = used.Where(one => one.Kind == kind).Select(one => one.Id).ToArray() } },
            });
        }

        await batch.ExecuteNonQueryAsync(ct);
        foreach (var (name, known) in _known.Where(pair => pair.Value.Caller.Kind == CallerKind.Person))
        {
            if (used.Contains((CallerKind.Person, known.Caller.Session)))
            {
                _known.TryUpdate(name, known with { ExpiresAt = time.GetUtcNow() + SessionIdle }, known);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Who may do what could not be looked at; what was known counts on")]
    private partial void NotSeen(Exception exception);

    private sealed record Known(Caller Caller, DateTimeOffset ExpiresAt);
}
