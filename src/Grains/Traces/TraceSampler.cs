using Bayou.Database;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Traces;

/// <summary>
/// Decides which traces are kept where a project has more spans a minute than its budget: by the whole of a trace as far as it has come by the end of the
/// minute, not by its first span. What comes of it later goes the same way. Whoever is let go is left out when its segment is sealed.
/// </summary>
internal sealed class TraceSampler(NpgsqlDataSource db, SpanSegments kind, IOptions<TracesOptions> options, TimeProvider time)
{
    /// <summary>After which every span was decided on: its minute, the quiet after it, and until the next run.</summary>
    public static readonly TimeSpan Within = TimeSpan.FromSeconds(150);

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(1); // for what comes of a trace later

    /// <returns>How many spans are let go.</returns>
    public async Task<long> DecideAsync(CancellationToken ct)
    {
        if (options.Value.SpansPerMinute == 0)
        {
            return 0;
        }

        var dropped = 0L;
        foreach (var (project, tables) in await UnsealedAsync(ct))
        {
            var spans = string.Join(" UNION ALL ", tables.Select(table => $"SELECT * FROM {table}"));
            foreach (var (minute, came) in await MinutesAsync(project, spans, ct))
            {
                var gone = came <= options.Value.SpansPerMinute ? [] : Choose(await TracesAsync(project, spans, minute, ct), options.Value.SpansPerMinute);
                await WriteAsync(project, minute, came, gone, ct);
                dropped += gone.Sum(trace => trace.Spans);
            }
        }

        return dropped;
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

    /// <summary>Minutes that are over and quiet, and not decided on, the earliest first.</summary>
    private async Task<List<(DateTime Minute, long Came)>> MinutesAsync(int project, string spans, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT minute, came FROM (SELECT date_trunc('minute', ingested_at) AS minute, count(*) AS came FROM ({spans}) spans GROUP BY 1) counted
             WHERE minute < $2 AND NOT EXISTS (SELECT FROM span_minutes m WHERE m.project_id = $1 AND m.minute = counted.minute)
             ORDER BY minute
            """);
        command.With(project, (time.GetUtcNow() - Minute - Quiet).UtcDateTime);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var minutes = new List<(DateTime, long)>();
        while (await reader.ReadAsync(ct))
        {
            minutes.Add((reader.GetDateTime(0), reader.GetInt64(1)));
        }

        return minutes;
    }

    private async Task<List<CameTrace>> TracesAsync(int project, string spans, DateTime minute, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            WITH spans AS MATERIALIZED (SELECT trace_id, ingested_at, status, duration, service, name, is_entry, created_at FROM ({spans}) all_spans),
                 came AS (SELECT trace_id, count(*) AS spans, bool_or(status = 2) AS has_error, max(duration) AS duration,
                                 (array_agg(service || ' ' || name ORDER BY is_entry DESC, created_at))[1] AS route
                            FROM spans WHERE ingested_at >= $2 AND ingested_at < $2 + interval '1 minute' GROUP BY trace_id),
                 earlier AS (SELECT DISTINCT trace_id FROM spans WHERE ingested_at < $2)
            SELECT c.trace_id, c.spans, c.has_error, c.duration, c.route, e.trace_id IS NOT NULL, d.trace_id IS NOT NULL
              FROM came c
              LEFT JOIN earlier e USING (trace_id)
              LEFT JOIN span_drops d ON d.project_id = $1 AND d.trace_id = c.trace_id
            """);
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

    private async Task WriteAsync(int project, DateTime minute, long came, List<CameTrace> gone, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var drops = new NpgsqlCommand(
            "INSERT INTO span_drops (project_id, trace_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING", connection);
        drops.With(project, gone.ConvertAll(trace => trace.Id).ToArray());
        await drops.ExecuteNonQueryAsync(ct);
        await using var done = new NpgsqlCommand(
            "INSERT INTO span_minutes (project_id, minute, came, dropped) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", connection);
        done.With(project, minute, came, gone.Sum(trace => trace.Spans));
        await done.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
    }
}

/// <summary>What came of a trace in a minute.</summary>
/// <param name="Route">Service and name of where it begins.</param>
/// <param name="Duration">ms, of its longest span.</param>
/// <param name="IsKept">Some of it came earlier, and is kept.</param>
/// <param name="IsDropped">It was let go earlier.</param>
internal sealed record CameTrace(Guid Id, long Spans, string Route, bool HasError, double Duration, bool IsKept, bool IsDropped);
