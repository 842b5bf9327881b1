using Bayou.Database;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Traces;

/// <summary>
/// Decides which traces are kept where a project has more spans a minute than its budget: by the whole of a trace as far as it has come by the end of the
/// minute, not by its first span. What comes of it later goes the same way. Whoever is let go is left out when its segment is sealed.
/// </summary>
internal sealed partial class TraceSampler(
    NpgsqlDataSource db, SpanSegments kind, IOptions<TracesOptions> options, TimeProvider time, ILogger<TraceSampler> logger)
{
    private const int LongestStatement = 300; // seconds
    private const int NewestSealed = 8; // segments

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Remembered = TimeSpan.FromHours(2); // for what comes of a trace later

    /// <returns>How many spans are let go, and up to when all that came was decided on, in UTC; null where all is kept.</returns>
    public async Task<(long Dropped, DateTime? UpTo)> DecideAsync(CancellationToken ct)
    {
        if (options.Value.SpansPerMinute == 0)
        {
            return (0, null);
        }

        var (dropped, upTo) = (0L, MinuteOf(time.GetUtcNow().UtcDateTime - Quiet));
        foreach (var (project, tables) in await UnsealedAsync(ct))
        {
            try
            {
                dropped += await DecideAsync(project, tables, upTo, ct);
            }
            catch (Exception e) when (DatabaseFailure.Is(e))
            {
                NotDecided(project, e); // What cannot be decided on is kept; the others need not wait.
            }
        }

        return (dropped, upTo);
    }

    /// <summary>Forgets decisions that nothing comes to any more.</summary>
    public async Task ForgetAsync(CancellationToken ct)
    {
        await using var drops = db.CreateCommand("DELETE FROM span_drops WHERE decided_at < now() - $1");
        drops.With(Remembered);
        await drops.ExecuteNonQueryAsync(ct);
        await using var minutes = db.CreateCommand("DELETE FROM span_minutes WHERE minute < now() - $1");
        minutes.With(options.Value.Retention);
        await minutes.ExecuteNonQueryAsync(ct);
    }

    /// <summary>
    /// Those to let go. With an error, slower than 99 of 100 of their route, or decided on before, traces are kept; of the others each route keeps as many
    /// spans as another, those that need less leaving theirs to the rest; and of a route those whose ids are the least, which are drawn at random.
    /// </summary>
    public static List<CameTrace> Choose(IReadOnlyList<CameTrace> traces, long budget)
    {
        var gone = traces.Where(trace => trace.IsDropped).ToList();
        var routes = new List<(List<CameTrace> Others, long Spans)>();
        var left = budget;
        foreach (var route in traces.Where(trace => !trace.IsDropped).GroupBy(trace => trace.Route, StringComparer.Ordinal))
        {
            var durations = route.Select(trace => trace.Duration).Order().ToList();
            var slow = durations[Math.Max(0, (int)Math.Ceiling(durations.Count * 0.99) - 1)];
            var others = new List<CameTrace>();
            foreach (var trace in route)
            {
                if (trace.IsKept || trace.HasError || trace.Duration > slow)
                {
                    left -= trace.Spans;
                }
                else
                {
                    others.Add(trace);
                }
            }

            routes.Add((others, others.Sum(trace => trace.Spans)));
        }

        routes.Sort((a, b) => a.Spans.CompareTo(b.Spans)); // Those that need least first: what they leave is for the rest.
        for (var at = 0; at < routes.Count; at++)
        {
            var share = Math.Max(0, left) / (routes.Count - at);
            var kept = 0L;
            foreach (var trace in routes[at].Others.OrderBy(trace => trace.Id.ToString("N"), StringComparer.Ordinal))
            {
                if (kept + trace.Spans <= share)
                {
                    kept += trace.Spans;
                }
                else
                {
                    gone.Add(trace);
                }
            }

            left -= kept;
        }

        return gone;
    }

    private async Task<long> DecideAsync(int project, string[] tables, DateTime upTo, CancellationToken ct)
    {
        var spans = string.Join(" UNION ALL ", tables.Select(table => $"SELECT * FROM {table}"));
        var dropped = 0L;
        foreach (var (minute, came, known) in await MinutesAsync(project, spans, upTo, ct))
        {
            // Those of a trace that was let go before are left out as they are.
            var gone = came - known <= options.Value.SpansPerMinute ? []
                : Choose(await TracesAsync(project, spans, minute, ct), options.Value.SpansPerMinute).FindAll(trace => !trace.IsDropped);
            var count = gone.Sum(trace => trace.Spans);
            await WriteAsync(project, minute, came, known + count, gone, ct);
            dropped += known + count;
        }

        return dropped;
    }

    private static DateTime MinuteOf(DateTime utc) => new(utc.Ticks - (utc.Ticks % Minute.Ticks), DateTimeKind.Utc);

    private async Task<List<(int Project, string[] Tables)>> UnsealedAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT project_id, array_agg(id ORDER BY id) FROM {kind.Catalogue} WHERE state IN ('hot', 'closed') AND max_id IS NOT NULL GROUP BY project_id
            """);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var unsealed = new List<(int, string[])>();
        while (await reader.ReadAsync(ct))
        {
            unsealed.Add((reader.GetInt32(0), Array.ConvertAll(reader.GetFieldValue<int[]>(1), kind.Table)));
        }

        return unsealed;
    }

    /// <summary>Minutes that are over and quiet, and not decided on, the earliest first; and how many of what came then were of traces let go before.</summary>
    private async Task<List<(DateTime Minute, long Came, long Known)>> MinutesAsync(int project, string spans, DateTime upTo, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT minute, came, known
              FROM (SELECT date_trunc('minute', s.ingested_at) AS minute, count(*) AS came, count(d.trace_id) AS known
                      FROM ({spans}) s LEFT JOIN span_drops d ON d.project_id = $1 AND d.trace_id = s.trace_id GROUP BY 1) counted
             WHERE minute < $2 AND NOT EXISTS (SELECT FROM span_minutes m WHERE m.project_id = $1 AND m.minute = counted.minute)
             ORDER BY minute
            """);
        command.CommandTimeout = LongestStatement;
        command.With(project, upTo);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var minutes = new List<(DateTime, long, long)>();
        while (await reader.ReadAsync(ct))
        {
            minutes.Add((reader.GetDateTime(0), reader.GetInt64(1), reader.GetInt64(2)));
        }

        return minutes;
    }

    /// <summary>The traces of which something came in a minute: with all that is known of them by now, be it of other minutes.</summary>
    private async Task<List<CameTrace>> TracesAsync(int project, string spans, DateTime minute, CancellationToken ct)
    {
        var known = string.Concat((await SealedAsync(project, ct)).Select(table => $" UNION ALL SELECT trace_id FROM {table} WHERE trace_id = came.trace_id"));
        await using var command = db.CreateCommand($"""
            WITH spans AS MATERIALIZED (SELECT trace_id, ingested_at, status, duration, service, name, is_entry, created_at FROM ({spans}) all_spans),
                 came AS (SELECT trace_id, count(*) AS spans FROM spans WHERE ingested_at >= $2 AND ingested_at < $2 + interval '1 minute' GROUP BY trace_id),
                 whole AS (SELECT trace_id, bool_or(status = 2) AS has_error, max(duration) AS duration, min(ingested_at) < $2 AS is_earlier,
                                  (array_agg(service || ' ' || name ORDER BY is_entry DESC, created_at))[1] AS route
                             FROM spans WHERE trace_id IN (SELECT trace_id FROM came) GROUP BY trace_id)
            SELECT came.trace_id, came.spans, whole.has_error, whole.duration, whole.route,
                   whole.is_earlier OR EXISTS (SELECT came.trace_id WHERE false{known}), d.trace_id IS NOT NULL
              FROM came
              JOIN whole USING (trace_id)
              LEFT JOIN span_drops d ON d.project_id = $1 AND d.trace_id = came.trace_id
            """);
        command.CommandTimeout = LongestStatement;
        command.With(project, minute);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var traces = new List<CameTrace>();
        while (await reader.ReadAsync(ct))
        {
            traces.Add(new(
                reader.GetGuid(0), reader.GetInt64(1), reader.GetString(4), reader.GetBoolean(2), reader.GetDouble(3), reader.GetBoolean(5),
                reader.GetBoolean(6)));
        }

        return traces;
    }

    /// <summary>The newest sealed segments: what is kept there of a trace is not left alone.</summary>
    private async Task<List<string>> SealedAsync(int project, CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            $"SELECT id FROM {kind.Catalogue} WHERE project_id = $1 AND state = 'sealed' ORDER BY max_id DESC LIMIT {NewestSealed}");
        command.With(project);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var tables = new List<string>();
        while (await reader.ReadAsync(ct))
        {
            tables.Add(kind.Table(reader.GetInt32(0)));
        }

        return tables;
    }

    private async Task WriteAsync(int project, DateTime minute, long came, long dropped, List<CameTrace> gone, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var drops = new NpgsqlCommand(
            "INSERT INTO span_drops (project_id, trace_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING", connection);
        drops.With(project, gone.ConvertAll(trace => trace.Id).ToArray());
        await drops.ExecuteNonQueryAsync(ct);
        await using var done = new NpgsqlCommand(
            "INSERT INTO span_minutes (project_id, minute, came, dropped) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", connection);
        done.With(project, minute, came, dropped);
        await done.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Which traces of project {project} are kept could not be decided: all that came is, until the next run")]
    private partial void NotDecided(int project, Exception exception);
}

/// <summary>What came of a trace in a minute.</summary>
/// <param name="Route">Service and name of where it begins.</param>
/// <param name="Duration">ms, of its longest span.</param>
/// <param name="IsKept">Some of it came earlier, and is kept.</param>
/// <param name="IsDropped">It was let go earlier.</param>
internal sealed record CameTrace(Guid Id, long Spans, string Route, bool HasError, double Duration, bool IsKept, bool IsDropped);
