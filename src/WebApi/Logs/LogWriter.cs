using Bayou.Ingest;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Bayou.Logs;

/// <summary>One tick on its way into the segments.</summary>
internal sealed class LogTick(long number, IReadOnlyList<Submission<LogBatch>> submissions)
{
    /// <summary>Counts this node's ticks.</summary>
    public long Number => number;

    public IReadOnlyList<Submission<LogBatch>> Submissions => submissions;

    /// <summary>The commit has been sent.</summary>
    public bool Committing { get; set; }

    public IdempotencyKeys Keys { get; set; } = IdempotencyKeys.None;
}

/// <summary>Writes lines into the hot segments, a tick at a time.</summary>
internal sealed class LogWriter(NpgsqlDataSource db, IOptions<LogsOptions> options)
{
    private const string Columns = "id, created_at, project_id, pattern_id, level, source, service, trace_id, message, meta, meta_text";

    private readonly Guid _node = Guid.NewGuid();

    /// <summary>Begins a life of this node, in which ticks are counted from 1.</summary>
    public async Task BeginAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand("INSERT INTO log_commits (node, tick) VALUES ($1, 0) ON CONFLICT DO NOTHING");
        command.Parameters.Add(new() { Value = _node });
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>
    /// Commits one tick: the keys that are new and the winners' lines. Sets <see cref="LogTick.Committing"/> just before the commit is sent; an exception
    /// after that leaves its outcome unknown.
    /// </summary>
    public async Task WriteAsync(LogTick tick, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        tick.Keys = await IdempotencyKeys.TakeAsync(connection, [.. tick.Submissions.Select(s => s.Key).OfType<SubmissionKey>()], 0, 0, ct);
        var lines = tick.Submissions.Where(s => tick.Keys.IsNew(s.Key)).SelectMany(s => s.Batch.Lines).ToList();
        if (lines.Count > 0)
        {
            var (first, hot) = await BeginIdsAsync(connection, lines.Count, ct);
            var numbered = lines.Select((line, at) => (Id: first + at, Line: line));
            foreach (var group in numbered.GroupBy(pair => LogSegment.RetentionOf(pair.Line.Level)))
            {
                await CopyAsync(connection, await HotAsync(connection, group.Key, hot, ct), [.. group], ct);
            }

            await using var remember = new NpgsqlCommand("UPDATE log_commits SET tick = $2 WHERE node = $1", connection);
            remember.Parameters.Add(new() { Value = _node });
            remember.Parameters.Add(new() { Value = tick.Number });
            await remember.ExecuteNonQueryAsync(ct);
            tick.Committing = true;
        }

        await transaction.CommitAsync(ct);
    }

    /// <summary>Whether a tick of unknown outcome was committed; waits out the backend that may still be committing it.</summary>
    public async Task<bool> IsCommittedAsync(long number, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await TakeFeedAsync(connection, ct); // Which the old backend has until it is through.
        await using var look = new NpgsqlCommand("SELECT tick FROM log_commits WHERE node = $1", connection);
        look.Parameters.Add(new() { Value = _node });
        return await look.ExecuteScalarAsync(ct) is long last && last >= number;
    }

    /// <summary>Takes the feed and draws ids that follow each other; also says which segments are hot, and how many lines each has.</summary>
    private static async Task<(long First, Dictionary<string, (int Id, long Lines)> Hot)> BeginIdsAsync(NpgsqlConnection connection, int count, CancellationToken ct)
    {
        await TakeFeedAsync(connection, ct);
        await using var draw = new NpgsqlCommand("""
            SELECT (SELECT setval('log_lines_id_seq', nextval('log_lines_id_seq') + $1 - 1)), s.id, s.retention, (SELECT sum(n) FROM unnest(s.lines) n)::bigint
              FROM (SELECT 1) always LEFT JOIN log_segments s ON s.state = 'hot'
            """, connection);
        draw.Parameters.Add(new() { Value = (long)count });
        await using var reader = await draw.ExecuteReaderAsync(ct);
        var hot = new Dictionary<string, (int, long)>(StringComparer.Ordinal);
        var last = 0L;
        while (await reader.ReadAsync(ct))
        {
            last = reader.GetInt64(0);
            if (!await reader.IsDBNullAsync(1, ct))
            {
                hot[reader.GetString(2)] = (reader.GetInt32(1), reader.GetInt64(3));
            }
        }

        return (last - count + 1, hot);
    }

    private static async Task TakeFeedAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using (var patience = new NpgsqlCommand("SET LOCAL lock_timeout = '5s'", connection))
        {
            await patience.ExecuteNonQueryAsync(ct);
        }

        await using var take = new NpgsqlCommand(LogSegment.LockFeed, connection);
        await take.ExecuteNonQueryAsync(ct);
    }

    /// <summary>The segment to add to: the hot one, or a new one when it is full.</summary>
    private async Task<int> HotAsync(NpgsqlConnection connection, string retention, Dictionary<string, (int Id, long Lines)> hot, CancellationToken ct)
    {
        if (hot.TryGetValue(retention, out var segment) && segment.Lines < options.Value.SegmentLines)
        {
            return segment.Id;
        }

        await using var begin = new NpgsqlCommand("""
            WITH full_one AS (UPDATE log_segments SET state = 'closed', changed_at = now() WHERE state = 'hot' AND retention = $1 RETURNING 1)
            SELECT count(*) FROM full_one
            """, connection);
        begin.Parameters.Add(new() { Value = retention });
        await begin.ExecuteNonQueryAsync(ct);
        await using var insert = new NpgsqlCommand("INSERT INTO log_segments (retention) VALUES ($1) RETURNING id", connection);
        insert.Parameters.Add(new() { Value = retention });
        var id = (int)(await insert.ExecuteScalarAsync(ct))!;
        await using var create = new NpgsqlCommand($"CREATE TABLE {LogSegment.Table(id)} (LIKE log_lines INCLUDING ALL)", connection);
        await create.ExecuteNonQueryAsync(ct);
        return id;
    }

    private static async Task CopyAsync(NpgsqlConnection connection, int segment, List<(long Id, LogLine Line)> lines, CancellationToken ct)
    {
        var (earliest, latest) = (DateTime.MaxValue, DateTime.MinValue);
        var levels = new long[LogLevels.Names.Length];
        await using (var copy = await connection.BeginBinaryImportAsync($"COPY {LogSegment.Table(segment)} ({Columns}) FROM STDIN (FORMAT BINARY)", ct))
        {
            foreach (var (id, line) in lines)
            {
                (earliest, latest) = (line.Time < earliest ? line.Time : earliest, line.Time > latest ? line.Time : latest);
                levels[(int)line.Level - 1]++;
                await copy.StartRowAsync(ct);
                await copy.WriteAsync(id, NpgsqlDbType.Bigint, ct);
                await copy.WriteAsync(line.Time, NpgsqlDbType.TimestampTz, ct);
                await copy.WriteAsync(IngestService.DefaultProject, NpgsqlDbType.Integer, ct);
                await copy.WriteAsync(line.Pattern, NpgsqlDbType.Integer, ct);
                await copy.WriteAsync((short)line.Level, NpgsqlDbType.Smallint, ct);
                await copy.WriteAsync(line.Source, NpgsqlDbType.Text, ct);
                await copy.WriteAsync(line.Service, NpgsqlDbType.Text, ct);
                await copy.WriteAsync(line.TraceId, NpgsqlDbType.Text, ct);
                await copy.WriteAsync(line.Message, NpgsqlDbType.Text, ct);
                if (line.Meta is { } meta)
                {
                    await copy.WriteAsync(meta, NpgsqlDbType.Jsonb, ct);
                }
                else
                {
                    await copy.WriteNullAsync(ct);
                }

                await copy.WriteAsync(line.MetaText, NpgsqlDbType.Text, ct);
            }

            await copy.CompleteAsync(ct);
        }

        // By what queries know which segments they need not look into.
        await using var note = new NpgsqlCommand("""
            UPDATE log_segments
               SET min_id = coalesce(min_id, $2), max_id = $3, min_time = least(min_time, $4), max_time = greatest(max_time, $5),
                   lines = ARRAY(SELECT had + came FROM unnest(lines, $6) WITH ORDINALITY AS n(had, came, level) ORDER BY level)
             WHERE id = $1
            """, connection);
        note.Parameters.Add(new() { Value = segment });
        note.Parameters.Add(new() { Value = lines[0].Id });
        note.Parameters.Add(new() { Value = lines[^1].Id });
        note.Parameters.Add(new() { Value = earliest });
        note.Parameters.Add(new() { Value = latest });
        note.Parameters.Add(new() { Value = levels });
        await note.ExecuteNonQueryAsync(ct);
    }
}
