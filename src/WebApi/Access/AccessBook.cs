using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;
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
    NpgsqlDataSource db, [FromKeyedServices(DatabasePool.Access)] NpgsqlDataSource lookups, AccessToken token, FirstOwner first, TimeProvider time,
    ILogger<AccessBook> logger) : BackgroundService
{
    private const int MostRemembered = 10_000;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Unknown = TimeSpan.FromSeconds(5); // for which a wrong secret is remembered
    private static readonly TimeSpan Trusted = TimeSpan.FromMinutes(1); // for which what is remembered counts without a look that works
    private static readonly TimeSpan Used = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(CallerKind Kind, string Secret), Known> _known = new();
    private readonly ConcurrentDictionary<(CallerKind Kind, long Id), byte> _used = new();
    private readonly SemaphoreSlim _looking = new(1); // Looks are taken in order: none puts back what a later one saw.
    private long _generation; // of what is remembered: something read before a change counts no more after it
    private FrozenSet<string> _origins = FrozenSet<string>.Empty;
    private long _revision;
    private long _looked; // when that last worked

    /// <summary>Whether somebody can sign in as an owner, or can choose the password to do so: then everything needs a person, a session or a key.</summary>
    public bool HasPeople { get; private set; }

    /// <summary>Another one whenever anything about projects has changed.</summary>
    public ProjectBook Projects { get; private set; } = ProjectBook.Empty;

    /// <summary>Whether anybody who reaches this server may do everything.</summary>
    public bool IsOpen => !HasPeople && !token.IsRequired;

    /// <summary>Whether any key for browsers is for pages of an origin: a browser asks before it shows the key.</summary>
    public bool AllowsOrigin(string origin) => _origins.Contains(origin);

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
    public ValueTask<Caller?> OfKeyAsync(string key, CancellationToken ct)
    {
        var hash = Secret.Hash(key);
        return OfAsync(CallerKind.Key, Convert.ToHexString(hash), () => KeyAsync(hash, ct));
    }

    /// <returns>Null for a session that is not known, has expired or was revoked, or whose person may not sign in.</returns>
    public ValueTask<Caller?> OfSessionAsync(string cookie, CancellationToken ct)
    {
        var hash = Secret.Hash(cookie);
        return OfAsync(CallerKind.Person, Convert.ToHexString(hash), () => SessionAsync("s.hash", hash, ct));
    }

    /// <inheritdoc cref="OfSessionAsync(string, CancellationToken)"/>
    public ValueTask<Caller?> OfSessionAsync(long id, CancellationToken ct) =>
        OfAsync(CallerKind.Person, string.Create(CultureInfo.InvariantCulture, $"{id}"), () => SessionAsync("s.id", id, ct));

    public override void Dispose()
    {
        _looking.Dispose();
        base.Dispose();
    }

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

    private async ValueTask<Caller?> OfAsync(CallerKind kind, string secret, Func<Task<Known?>> ask)
    {
        var (name, now) = ((kind, secret), time.GetUtcNow());
        var isTrusted = time.GetElapsedTime(Interlocked.Read(ref _looked)) < Trusted;
        if (!isTrusted || !_known.TryGetValue(name, out var known) || known.Generation != Interlocked.Read(ref _generation) || known.ExpiresAt <= now)
        {
            var generation = Interlocked.Read(ref _generation);
            known = await ask();
            known = (known ?? new(null, now + Unknown)) with { Generation = generation };
            if (_known.Count >= MostRemembered)
            {
                _known.Clear();
            }

            _known[name] = known;
        }

        if (known.Caller is not { } caller || known.ExpiresAt <= now)
        {
            return null;
        }

        _used[(kind, kind == CallerKind.Key ? caller.Id : caller.Session)] = 0;
        return caller;
    }

    private async Task LookAsync(CancellationToken ct)
    {
        await _looking.WaitAsync(ct);
        try
        {
            // Not of the pool whose connections a change of people holds while it waits for this.
            await using var command = lookups.CreateCommand($"""
                SELECT revision, EXISTS (SELECT FROM users WHERE {UserStore.IsActiveOwner}) OR EXISTS (
                       SELECT FROM sign_in_links l JOIN users u ON u.id = l.user_id
                        WHERE u.is_owner AND u.deleted_at IS NULL AND u.disabled_at IS NULL AND l.used_at IS NULL AND l.expires_at > now())
                       , ARRAY (SELECT DISTINCT unnest(origins) FROM api_keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
                                AND project_id IN (SELECT id FROM projects WHERE deleted_at IS NULL))
                  FROM access_revision
                """);
            long revision;
            await using (var reader = await command.ExecuteReaderAsync(ct))
            {
                await reader.ReadAsync(ct);
                _origins = reader.GetFieldValue<string[]>(2).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
                HasPeople |= reader.GetBoolean(1); // Never back to open while this runs, whatever becomes of the rows.
                revision = reader.GetInt64(0);
            }

            if (Interlocked.Read(ref _revision) != revision)
            {
                await LookAtProjectsAsync(ct); // Before what is remembered goes: a caller is never placed by an older book than it was read with.
                Interlocked.Exchange(ref _revision, revision);
                Interlocked.Increment(ref _generation);
                _known.Clear();
            }

            Interlocked.Exchange(ref _looked, time.GetTimestamp());
        }
        finally
        {
            _looking.Release();
        }
    }

    private async Task LookAtProjectsAsync(CancellationToken ct)
    {
        await using var command = lookups.CreateCommand("SELECT id, name, queries_per_minute, ingest_per_minute FROM projects WHERE deleted_at IS NULL");
        await using var reader = await command.ExecuteReaderAsync(ct);
        var projects = new List<KnownProject>();
        while (await reader.ReadAsync(ct))
        {
            projects.Add(new(reader.GetInt32(0), reader.GetString(1), await reader.OrNullAsync<int>(2, ct), await reader.OrNullAsync<int>(3, ct)));
        }

        var book = new ProjectBook(projects);
        Projects = Projects.IsSame(book) ? Projects : book;
    }

    /// <summary>A key that manages people and keys does so only as long as whoever made it may.</summary>
    private async Task<Known?> KeyAsync(byte[] hash, CancellationToken ct)
    {
        await using var command = lookups.CreateCommand($"""
            SELECT k.id, k.name, k.scopes, k.expires_at, k.created_by,
                   CASE WHEN w.disabled_at IS NULL AND w.deleted_at IS NULL THEN {UserStore.Role} END, k.origins, k.project_id
              FROM api_keys k JOIN projects p ON p.id = k.project_id AND p.deleted_at IS NULL
              LEFT JOIN users w ON w.id = k.created_by LEFT JOIN members m ON m.user_id = w.id AND m.project_id = k.project_id
             WHERE k.hash = $1 AND k.revoked_at IS NULL
            """);
        command.With<byte[]>(hash);
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
        {
            return null;
        }

        var maker = await reader.OrNullAsync<int>(4, ct);
        var makersRole = await reader.TextOrNullAsync(5, ct);
        var may = Permissions.OfScopes(reader.GetFieldValue<string[]>(2));
        may &= maker is null || Permissions.OfRole(makersRole).HasFlag(Permission.Admin) ? may : ~Permission.Admin;
        var origins = reader.GetFieldValue<string[]>(6);
        return new(
            new Caller(CallerKind.Key, reader.GetInt32(0), reader.GetString(1), null, may, reader.GetInt32(7), Maker: maker,
                Origins: origins.Length > 0 ? origins : null),
            await reader.IsDBNullAsync(3, ct) ? DateTimeOffset.MaxValue : reader.GetDateTime(3));
    }

    private async Task<Known?> SessionAsync<T>(string column, T value, CancellationToken ct)
    {
        await using var command = lookups.CreateCommand($"""
            SELECT w.id, w.name, w.is_owner, s.id, least(s.last_used_at + $2, s.created_at + $3),
                   ARRAY(SELECT project_id FROM members WHERE user_id = w.id ORDER BY project_id),
                   ARRAY(SELECT role FROM members WHERE user_id = w.id ORDER BY project_id)
              FROM sessions s JOIN users w ON w.id = s.user_id
             WHERE {column} = $1 AND s.revoked_at IS NULL AND w.disabled_at IS NULL AND w.deleted_at IS NULL
            """);
        command.With<T>(value);
        command.With(SignIn.Idle, SignIn.Longest);
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
        {
            return null;
        }

        var (id, name, session, isOwner) = (reader.GetInt32(0), reader.GetString(1), reader.GetInt64(3), reader.GetBoolean(2));
        var roles = reader.GetFieldValue<int[]>(5).Zip(reader.GetFieldValue<string[]>(6)).ToDictionary();
        return new(
            isOwner ? new Caller(CallerKind.Person, id, name, Permissions.OwnerRole, Permissions.OfRole(Permissions.OwnerRole), Session: session)
                : new Caller(CallerKind.Person, id, name, null, Permissions.OfRole(null), Project: null, session, Roles: roles),
            reader.GetDateTime(4));
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
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Who may do what could not be looked at; what was known counts on")]
    private partial void NotSeen(Exception exception);

    /// <param name="Caller">Null for a secret that is nobody's.</param>
    private sealed record Known(Caller? Caller, DateTimeOffset ExpiresAt, long Generation = 0);
}
