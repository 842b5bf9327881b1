using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Logs;

/// <summary>What becomes of a segment once lines are in it: closed, sealed, expired, gone.</summary>
internal sealed class SegmentKeeper(NpgsqlDataSource db, IOptions<LogsOptions> options)
{
    // So that what is hot for long is never kept much longer than it must.
    private const int ClosesInOneRetention = 24;

    private const int LongestSeal = 3_600; // seconds

    // For longer than any query takes: one that has read the catalogue must find the tables it names.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(5);

    // Of a group that could not be sealed: one that is damaged must not keep back the others.
    private readonly ConcurrentDictionary<int, bool> _alone = [];

    /// <summary>Closes segments that are old but not full, so that they can be let go when their time comes.</summary>
    public async Task<int> CloseAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var take = new NpgsqlCommand(LogSegment.LockFeed, connection);
        await take.ExecuteNonQueryAsync(ct);
        var closed = 0;
        foreach (var retention in (string[])[LogSegment.Short, LogSegment.Long])
        {
            await using var close = new NpgsqlCommand("""
                UPDATE log_segments SET state = 'closed', changed_at = now()
                 WHERE state = 'hot' AND retention = $1 AND max_id IS NOT NULL AND created_at < now() - $2
                """, connection);
            close.Parameters.Add(new() { Value = retention });
            close.Parameters.Add(new() { Value = LongestOpen(retention) });
            closed += await close.ExecuteNonQueryAsync(ct);
        }

        await transaction.CommitAsync(ct);
        return closed;
    }

    /// <summary>Makes one segment of closed ones, in the order of their ids, with indexes and its lines counted; in one transaction.</summary>
    /// <returns>False when there are too few lines for one, or another process is at it.</returns>
    public async Task<bool> SealAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var parts = await ClosedAsync(connection, ct);
        if (parts.Length == 0 || !await LockAsync(connection, parts, ct))
        {
            return false;
        }

        var lines = string.Join(" UNION ALL ", parts.Select(part => $"SELECT * FROM {LogSegment.Table(part)}"));
        try
        {
            var id = await CatalogueAsync(connection, parts, ct);
            var table = LogSegment.Table(id);
            await using var seal = new NpgsqlCommand($"""
                SET LOCAL maintenance_work_mem = '128MB';
                SET LOCAL work_mem = '64MB';
                CREATE TABLE {table} AS SELECT * FROM ({lines}) lines ORDER BY id;
                CREATE INDEX ON {table} (id);
                CREATE INDEX ON {table} USING gin (log_text(level, source, message, meta_text) gin_trgm_ops) WITH (fastupdate = off);
                CREATE INDEX ON {table} (created_at);
                CREATE INDEX ON {table} (level, created_at) WHERE level >= 4; -- what is looked for most, and is seldom
                CREATE INDEX ON {table} (pattern_id, id);
                CREATE INDEX ON {table} (trace_id) WHERE trace_id <> '';
                ANALYZE {table};
                INSERT INTO log_counts (minute, first_time, last_time, segment_id, pattern_id, lines, level, source, service)
                SELECT date_trunc('minute', created_at), min(created_at), max(created_at), {id}, pattern_id, count(*), level, source, service
                  FROM {table} GROUP BY 1, pattern_id, level, source, service;
                """, connection) { CommandTimeout = LongestSeal };
            await seal.ExecuteNonQueryAsync(ct);
            await ReplaceAsync(connection, parts, table, ct);
            await transaction.CommitAsync(ct);
            foreach (var part in parts)
            {
                _alone.TryRemove(part, out _);
            }

            return true;
        }
        catch (Exception e) when (e is PostgresException or InvalidDataException)
        {
            // Those that cannot be sealed go behind the others, and are tried again one by one.
            foreach (var part in parts)
            {
                _alone[part] = true;
            }

            await transaction.RollbackAsync(CancellationToken.None);
            await using var postpone = db.CreateCommand("UPDATE log_segments SET changed_at = now() WHERE id = ANY ($1) AND state = 'closed'");
            postpone.Parameters.Add(new() { Value = parts });
            await postpone.ExecuteNonQueryAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>The oldest closed segments of a class that are enough for a sealed one, or are open for long.</summary>
    private async Task<int[]> ClosedAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            SELECT id, retention, (SELECT sum(n) FROM unnest(lines) n)::bigint, now() - created_at
              FROM log_segments WHERE state = 'closed' AND changed_at <= now() - $1 ORDER BY changed_at, id
            """, connection);
        command.Parameters.Add(new() { Value = TimeSpan.FromSeconds(options.Value.SealAfterSeconds) });
        var closed = new List<(int Id, string Retention, long Lines, TimeSpan Age)>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            closed.Add((reader.GetInt32(0), reader.GetString(1), reader.GetInt64(2), reader.GetTimeSpan(3)));
        }

        if (closed.FirstOrDefault(part => _alone.ContainsKey(part.Id)) is { Id: > 0 } alone)
        {
            return [alone.Id];
        }

        foreach (var parts in closed.GroupBy(part => part.Retention))
        {
            var (taken, lines) = (new List<int>(), 0L);
            foreach (var part in parts.TakeWhile(_ => lines < options.Value.SegmentLines))
            {
                taken.Add(part.Id);
                lines += part.Lines;
            }

            if (lines >= options.Value.SegmentLines || parts.Any(part => part.Age >= LongestOpen(parts.Key)))
            {
                return [.. taken];
            }
        }

        return [];
    }

    /// <returns>False when another process has one of them.</returns>
    private static async Task<bool> LockAsync(NpgsqlConnection connection, int[] parts, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("SELECT count(*) FROM (SELECT FROM log_segments WHERE id = ANY ($1) AND state = 'closed' FOR UPDATE SKIP LOCKED) locked", connection);
        command.Parameters.Add(new() { Value = parts });
        return (long)(await command.ExecuteScalarAsync(ct))! == parts.Length;
    }

    /// <summary>Puts the sealed segment that closed ones make into the catalogue.</summary>
    private static async Task<int> CatalogueAsync(NpgsqlConnection connection, int[] parts, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            WITH parts AS (SELECT * FROM log_segments WHERE id = ANY ($1))
            INSERT INTO log_segments (project_id, retention, state, min_id, max_id, min_time, max_time, lines)
            SELECT project_id, retention, 'sealed', min(min_id), max(max_id), min(min_time), max(max_time),
                   ARRAY(SELECT sum(n) FROM parts, unnest(lines) WITH ORDINALITY AS of(n, level) GROUP BY level ORDER BY level)
              FROM parts GROUP BY project_id, retention
            RETURNING id
            """, connection);
        command.Parameters.Add(new() { Value = parts });
        return (int)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Takes out of the catalogue what a sealed segment was made of; the tables go later.</summary>
    /// <exception cref="InvalidDataException">The sealed one has not as many lines.</exception>
    private static async Task ReplaceAsync(NpgsqlConnection connection, int[] parts, string table, CancellationToken ct)
    {
        // By the clock: those who have read the catalogue by now still look for the parts.
        await using var command = new NpgsqlCommand($"""
            UPDATE log_segments SET state = 'expired', changed_at = clock_timestamp()
             WHERE id = ANY ($1) AND (SELECT count(*) FROM {table}) = (SELECT sum(n) FROM log_segments, unnest(lines) n WHERE id = ANY ($1))
            """, connection) { CommandTimeout = LongestSeal };
        command.Parameters.Add(new() { Value = parts });
        if (await command.ExecuteNonQueryAsync(ct) != parts.Length)
        {
            throw new InvalidDataException($"{table} has not as many lines as the segments {string.Join(", ", parts)}, which stay.");
        }
    }

    /// <summary>Takes segments out of the catalogue whose newest line is past its retention, and drops the tables of those taken out some minutes ago.</summary>
    public async Task<int> ExpireAsync(CancellationToken ct)
    {
        var changed = 0;
        foreach (var retention in (string[])[LogSegment.Short, LogSegment.Long])
        {
            await using var expire = db.CreateCommand("""
                UPDATE log_segments SET state = 'expired', changed_at = now()
                 WHERE state IN ('closed', 'sealed') AND retention = $1 AND max_time < now() - $2
                """);
            expire.Parameters.Add(new() { Value = retention });
            expire.Parameters.Add(new() { Value = options.Value.Retention(retention) });
            changed += await expire.ExecuteNonQueryAsync(ct);
        }

        await using var forget = db.CreateCommand("DELETE FROM log_commits WHERE ticked_at < now() - interval '7 days'");
        await forget.ExecuteNonQueryAsync(ct);
        await using var list = db.CreateCommand("SELECT id FROM log_segments WHERE state = 'expired' AND changed_at < now() - $1");
        list.Parameters.Add(new() { Value = Grace });
        var gone = new List<int>();
        await using (var reader = await list.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
            {
                gone.Add(reader.GetInt32(0));
            }
        }

        foreach (var id in gone)
        {
            await using var drop = db.CreateCommand($"""
                DROP TABLE IF EXISTS {LogSegment.Table(id)};
                DELETE FROM log_counts WHERE segment_id = {id};
                DELETE FROM log_segments WHERE id = {id};
                """);
            await drop.ExecuteNonQueryAsync(ct);
            changed++;
        }

        return changed;
    }

    private TimeSpan LongestOpen(string retention) => options.Value.Retention(retention) / ClosesInOneRetention;
}
