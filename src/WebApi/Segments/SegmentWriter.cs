using Bayou.Database;
using Bayou.Ingest;
using Npgsql;

namespace Bayou.Segments;

/// <summary>Writes rows of a kind into its hot segments, a tick at a time. They need no journal: the segment is one.</summary>
internal sealed partial class SegmentWriter<TKind, TBatch>(TKind kind, NpgsqlDataSource db, ILogger<SegmentWriter<TKind, TBatch>> logger) : ITickStore<TBatch>
    where TKind : SegmentKind
    where TBatch : class, ISegmentBatch
{
    // PostgreSQL's binary COPY: signature, flags, no extension; an end.
    private static readonly byte[] CopyHeader = [.. "PGCOPY\n"u8, 0xFF, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0];
    private static readonly byte[] CopyEnd = [0xFF, 0xFF];

    // Ends a wait for whoever is frozen, be it with the feed or with one of our keys.
    private const string Patience = "SET LOCAL lock_timeout = '5s'";

    /// <summary>Ids that a zone spans, at least.</summary>
    private const long ZoneIds = 2_000;

    private readonly Guid _node = Guid.NewGuid();
    private long _ticks;

    public bool IsFull => false;

    public async Task WriteAsync(Tick<TBatch> tick, CancellationToken ct)
    {
        _ticks++;
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (tick.HasKeys)
        {
            await using var patience = new NpgsqlCommand(Patience, connection);
            await patience.ExecuteNonQueryAsync(ct);
        }

        var batches = await tick.ClaimKeysAsync(connection, 0, 0, ct);
        if (batches.Count > 0)
        {
            var projects = batches.ToLookup(batch => batch.Project);
            var (next, hot) = await BeginIdsAsync(connection, batches.Sum(batch => batch.Count), [.. projects.Select(one => one.Key)], ct);
            foreach (var batch in batches)
            {
                next = batch.Number(next);
            }

            await using var notes = new NpgsqlBatch(connection);
            foreach (var (project, part) in projects.SelectMany(one => kind.Classes, (one, part) => (one.Key, part.Name)))
            {
                var rows = projects[project].Select(batch => batch.Of(part)).Where(rows => rows.Count > 0).ToList();
                if (rows.Count > 0)
                {
                    var segment = await HotAsync(connection, (project, part), hot, rows.Sum(some => some.Count), ct);
                    await CopyAsync(connection, segment, rows, ct);
                    notes.BatchCommands.Add(NoteOf(segment, rows));
                }
            }

            notes.BatchCommands.Add(
                new($"INSERT INTO {kind.Commits} (node, tick) VALUES ($1, $2) ON CONFLICT (node) DO UPDATE SET tick = excluded.tick, ticked_at = now()")
            {
                Parameters = { new() { Value = _node }, new() { Value = _ticks } },
            });
            await notes.PrepareAsync(ct);
            await notes.ExecuteNonQueryAsync(ct);
            tick.Committing = true;
        }

        await transaction.CommitAsync(ct);
    }

    public async Task<bool?> IsCommittedAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // The old backend has it until it is through.
        await using var look = HavingFeed(connection, new($"SELECT tick FROM {kind.Commits} WHERE node = $1") { Parameters = { new() { Value = _node } } });
        await using var reader = await look.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct); // After that of the lock.
        return await reader.ReadAsync(ct) && reader.GetInt64(0) >= _ticks;
    }

    public void Committed()
    {
    }

    /// <summary>Ends the transaction of a process that froze while it was sending rows: no time-out of the server's covers that.</summary>
    public async Task RecoverAsync(Exception exception)
    {
        if (exception is not PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable })
        {
            return;
        }

        await using var command = db.CreateCommand($"""
            SELECT count(pg_terminate_backend(a.pid))
              FROM pg_locks l
              JOIN pg_stat_activity a USING (pid)
             WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND (l.classid::bigint << 32) | l.objid::bigint = {kind.Feed.Key()}
               AND a.wait_event = 'ClientRead' AND a.state_change < now() - interval '5 seconds' -- since it began to send
            """);
        FrozenEnded(kind.Feed.Name, (long)(await command.ExecuteScalarAsync())!);
    }

    /// <summary>Takes the feed and draws ids that follow each other; also says which segments are hot, and how many rows each has.</summary>
    private async Task<(long First, Dictionary<(int Project, string Class), (int Id, long Rows)> Hot)> BeginIdsAsync(
        NpgsqlConnection connection, int count, int[] projects, CancellationToken ct)
    {
        await using var draw = HavingFeed(connection, new($"""
            SELECT (SELECT setval('{kind.Sequence}', nextval('{kind.Sequence}') + $1 - 1)), s.id, s.retention, (SELECT sum(n) FROM unnest(s.lines) n)::bigint,
                   s.project_id
              FROM (SELECT 1) always LEFT JOIN {kind.Catalogue} s ON s.state = 'hot' AND s.project_id = ANY ($2)
            """) { Parameters = { new() { Value = (long)count }, new() { Value = projects } } });
        await draw.PrepareAsync(ct);
        await using var reader = await draw.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct); // After that of the lock.
        var hot = new Dictionary<(int, string), (int, long)>();
        var last = 0L;
        while (await reader.ReadAsync(ct))
        {
            last = reader.GetInt64(0);
            if (!await reader.IsDBNullAsync(1, ct))
            {
                hot[(reader.GetInt32(4), reader.GetString(2))] = (reader.GetInt32(1), reader.GetInt64(3));
            }
        }

        return (last - count + 1, hot);
    }

    /// <summary>A statement that begins once the feed is taken; its result comes after that of the lock.</summary>
    private NpgsqlBatch HavingFeed(NpgsqlConnection connection, NpgsqlBatchCommand statement) =>
        new(connection) { BatchCommands = { new(Patience), new(kind.Feed.Sql()), statement } };

    /// <summary>The segment to add to: the hot one, or a new one when it is full.</summary>
    private async Task<int> HotAsync(
        NpgsqlConnection connection, (int Project, string Class) of, Dictionary<(int, string), (int Id, long Rows)> hot, int rows, CancellationToken ct)
    {
        if (hot.TryGetValue(of, out var segment) && segment.Rows < kind.HotRows(rows))
        {
            return segment.Id;
        }

        await using var begin = new NpgsqlCommand(
            $"UPDATE {kind.Catalogue} SET state = 'closed', changed_at = now() WHERE state = 'hot' AND project_id = $1 AND retention = $2", connection);
        begin.With(of.Project, of.Class);
        await begin.ExecuteNonQueryAsync(ct);
        await using var insert = new NpgsqlCommand($"INSERT INTO {kind.Catalogue} (project_id, retention) VALUES ($1, $2) RETURNING id", connection);
        insert.With(of.Project, of.Class);
        var id = (int)(await insert.ExecuteScalarAsync(ct))!;

        // Nothing is ever updated in it, and it is gone before a vacuum would be of use.
        await using var create = new NpgsqlCommand(
            $"CREATE TABLE {kind.Table(id)} (LIKE {kind.Rows} INCLUDING ALL) WITH (autovacuum_enabled = off, toast.autovacuum_enabled = off)", connection);
        await create.ExecuteNonQueryAsync(ct);
        return id;
    }

    private async Task CopyAsync(NpgsqlConnection connection, int segment, List<SegmentRows> parts, CancellationToken ct)
    {
        await using var copy = await connection.BeginRawBinaryCopyAsync($"COPY {kind.Table(segment)} ({parts[0].Columns}) FROM STDIN (FORMAT BINARY)", ct);
        try
        {
            await copy.WriteAsync(CopyHeader, ct);
            foreach (var rows in parts)
            {
                await copy.WriteAsync(rows.Bytes, ct);
            }

            await copy.WriteAsync(CopyEnd, ct);
        }
        catch
        {
            await copy.CancelAsync(); // Else what was sent so far would be taken for all.
            throw;
        }
    }

    /// <summary>What tells queries where they need not look.</summary>
    private NpgsqlBatchCommand NoteOf(int segment, List<SegmentRows> parts) => new($"""
            UPDATE {kind.Catalogue} s
               SET min_id = coalesce(min_id, $2), max_id = $3, min_time = least(min_time, $4), max_time = greatest(max_time, $5),
                   lines = ARRAY(SELECT had + came FROM unnest(lines, $6) WITH ORDINALITY AS n(had, came, class) ORDER BY class),
                   zone_ids = CASE WHEN z.is_full THEN zone_ids || $2 ELSE zone_ids END,
                   zone_min = CASE WHEN z.is_full THEN zone_min || $4 ELSE zone_min[:z.last - 1] || least(zone_min[z.last], $4) END,
                   zone_max = CASE WHEN z.is_full THEN zone_max || $5 ELSE zone_max[:z.last - 1] || greatest(zone_max[z.last], $5) END
              FROM (SELECT cardinality(zone_ids) AS last, cardinality(zone_ids) = 0
                  OR $2 - zone_ids[cardinality(zone_ids)] >= $7 AS is_full FROM {kind.Catalogue} WHERE id = $1) z
             WHERE s.id = $1
            """)
        {
            Parameters =
            {
                new() { Value = segment }, new() { Value = parts[0].FirstId }, new() { Value = parts[^1].LastId },
                new() { Value = parts.Min(rows => rows.Earliest) }, new() { Value = parts.Max(rows => rows.Latest) },
                new() { Value = Enumerable.Range(0, parts[0].Counts.Length).Select(at => parts.Sum(rows => rows.Counts[at])).ToArray() },
                new() { Value = ZoneIds },
            },
        };

    [LoggerMessage(Level = LogLevel.Warning, Message = "{feed} was held for too long; ended {count} connections that held it")]
    private partial void FrozenEnded(string feed, long count);
}
