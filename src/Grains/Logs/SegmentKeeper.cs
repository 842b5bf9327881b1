using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Logs;

/// <summary>What becomes of a segment once lines are in it: closed, sealed, expired, gone.</summary>
internal sealed class SegmentKeeper(NpgsqlDataSource db, IOptions<LogsOptions> options)
{
    // So that what is hot for long is never kept much longer than it must.
    private const int ClosesInOneRetention = 24;

    // For longer than any query takes: one that has read the catalogue must find the tables it names.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

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
            close.Parameters.Add(new() { Value = options.Value.Retention(retention) / ClosesInOneRetention });
            closed += await close.ExecuteNonQueryAsync(ct);
        }

        await transaction.CommitAsync(ct);
        return closed;
    }

    /// <summary>Gives the oldest closed segment its indexes and counts its lines, in one transaction.</summary>
    /// <returns>False when there was none, or another process is at it.</returns>
    public async Task<bool> SealAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var next = new NpgsqlCommand("SELECT id FROM log_segments WHERE state = 'closed' AND changed_at <= now() - $1 ORDER BY changed_at, id LIMIT 1 FOR UPDATE SKIP LOCKED", connection);
        next.Parameters.Add(new() { Value = TimeSpan.FromSeconds(options.Value.SealAfterSeconds) });
        if (await next.ExecuteScalarAsync(ct) is not int id)
        {
            return false;
        }

        var table = LogSegment.Table(id);
        await using var seal = new NpgsqlCommand($"""
            SET LOCAL maintenance_work_mem = '128MB';
            CREATE INDEX ON {table} USING gin (log_text(level, source, message, meta_text) gin_trgm_ops) WITH (fastupdate = off);
            CREATE INDEX ON {table} (created_at);
            CREATE INDEX ON {table} (pattern_id, id);
            CREATE INDEX ON {table} (trace_id) WHERE trace_id <> '';
            ANALYZE {table};
            INSERT INTO log_counts (minute, first_time, last_time, segment_id, pattern_id, lines, level, source, service)
            SELECT date_trunc('minute', created_at), min(created_at), max(created_at), {id}, pattern_id, count(*), level, source, service
              FROM {table} GROUP BY 1, pattern_id, level, source, service;
            UPDATE log_segments SET state = 'sealed', changed_at = now(), zone_ids = DEFAULT, zone_min = DEFAULT, zone_max = DEFAULT WHERE id = {id};
            """, connection) { CommandTimeout = 3_600 };
        try
        {
            await seal.ExecuteNonQueryAsync(ct);
            await transaction.CommitAsync(ct);
            return true;
        }
        catch (PostgresException)
        {
            // One that cannot be sealed goes behind the others, and is tried again.
            await transaction.RollbackAsync(CancellationToken.None);
            await using var postpone = db.CreateCommand("UPDATE log_segments SET changed_at = now() WHERE id = $1 AND state = 'closed'");
            postpone.Parameters.Add(new() { Value = id });
            await postpone.ExecuteNonQueryAsync(CancellationToken.None);
            throw;
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
}
