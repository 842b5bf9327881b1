using System.Globalization;
using System.Text.Json;
using Bayou.Database;
using Bayou.Ingest;
using Bayou.Otlp;
using Bayou.Requests;
using Npgsql;

namespace Bayou.Points;

/// <summary>
/// Makes request observations of histograms of HTTP durations, a minute of a series at a time, once it is over: where a service sends nothing better, these are
/// its windows, as exact as the buckets are. Each has a key of its own, so that what a process left half done counts once.
/// </summary>
internal sealed partial class HistogramRequests(
    NpgsqlDataSource db, IngestDoor<ObservationBatch> door, TimeProvider time, ILogger<HistogramRequests> logger) : BackgroundService
{
    private static readonly AdvisoryLock Turn = new("histogram_requests");

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(30); // for what is still on its way
    private static readonly TimeSpan Lookback = TimeSpan.FromHours(1); // of a series that nothing was made of yet
    private const int MostAtOnce = 20_000; // minutes of series
    private const int AtOnce = 64; // series
    private const int MostAlike = 10_000_000; // of a bucket in a minute: their durations are added up

    private static readonly string[] Names = ["http.server.request.duration", "http.server.duration"]; // of now, and before

    /// <summary>Does what is due, unless another node is at it.</summary>
    /// <returns>How many minutes of series became observations.</returns>
    public async Task<int> RunAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using (var turn = new NpgsqlCommand($"SELECT pg_try_advisory_lock({Turn.Key()})", connection))
        {
            if (await turn.ExecuteScalarAsync(ct) is not true)
            {
                return 0;
            }
        }

        try
        {
            var made = 0;
            foreach (var some in (await DueAsync(connection, ct)).Chunk(AtOnce)) // Together they share a commit.
            {
                var done = await Task.WhenAll(some.Select(one => SendAsync(one.Series, one.Points, ct)));
                foreach (var (series, points) in done.Where(one => one.Points.Count > 0))
                {
                    await (series.IsCumulative ? NoteAsync(connection, series.Id, points[^1], ct) : NoteAsync(connection, series.Id, points, ct));
                    made += points.Count;
                }
            }

            return made;
        }
        finally
        {
            await using var end = new NpgsqlCommand($"SELECT pg_advisory_unlock({Turn.Key()})", connection);
            await end.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stoppingToken);
                await RunAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Failed(e); // The next run does it.
            }
        }
    }

    private async Task<List<(HttpSeries Series, List<DuePoint> Points)>> DueAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            SELECT s.id, s.project_id, s.service, s.unit, s.is_cumulative, s.attributes::text, h.minute, h.started, h.at, h.value, h.count, h.buckets,
                   p.minute, p.started, p.at, p.value, p.count, p.buckets, p.made, p.made_of
              FROM point_series s
              LEFT JOIN histogram_requests h ON h.series_id = s.id
              JOIN points p ON p.series_id = s.id AND p.minute > greatest(h.minute, $2) AND p.minute < $3
               AND (s.is_cumulative OR p.count > coalesce(p.made, 0))
             WHERE s.name = ANY ($1) AND s.kind = 3
               AND NOT (s.name <> ($1)[1] AND EXISTS (SELECT FROM point_series n -- One that sends both names sends the same twice.
                                                       WHERE n.project_id = s.project_id AND n.service = s.service AND n.name = ($1)[1]))
             ORDER BY s.id, p.minute
             LIMIT $4
            """, connection);
        var now = time.GetUtcNow().UtcDateTime;
        var over = now - Late;
        command.With(Names, now - Lookback, new DateTime(over.Ticks - (over.Ticks % TimeSpan.TicksPerMinute), DateTimeKind.Utc), MostAtOnce);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var due = new List<(HttpSeries Series, List<DuePoint> Points)>();
        while (await reader.ReadAsync(ct))
        {
            if (due.Count == 0 || due[^1].Series.Id != reader.GetInt32(0))
            {
                due.Add((
                    new(reader.GetInt32(0), reader.GetInt32(1), reader.GetString(2), reader.GetString(3), reader.GetBoolean(4), reader.GetString(5),
                        await reader.IsDBNullAsync(6, ct) ? null : PointAt(reader, 6)), []));
            }

            due[^1].Points.Add(new(PointAt(reader, 12), reader.IsDBNull(18) ? 0 : reader.GetInt64(18), BucketsAt(reader, 19)));
        }

        return due;
    }

    private static StoredPoint PointAt(NpgsqlDataReader reader, int first) => new(
        reader.GetDateTime(first), reader.GetInt64(first + 1), reader.GetInt64(first + 2), reader.GetDouble(first + 3), reader.GetInt64(first + 4),
        BucketsAt(reader, first + 5));

    private static PointBucket[] BucketsAt(NpgsqlDataReader reader, int at) =>
        reader.IsDBNull(at) ? [] : PointBuckets.FromBytes(reader.GetFieldValue<byte[]>(at));

    /// <returns>The points that are done with; the next run goes on after them.</returns>
    private async Task<(HttpSeries Series, List<StoredPoint> Points)> SendAsync(HttpSeries series, List<DuePoint> points, CancellationToken ct)
    {
        var done = new List<StoredPoint>();
        try
        {
            foreach (var due in points)
            {
                var came = series.IsCumulative ? due.Point.Since(done.LastOrDefault() ?? series.Last) : due.Left;
                if (came is { Count: > 0 } && !await SendAsync(series, came, due.Made, ct))
                {
                    break;
                }

                done.Add(due.Point);
            }
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            Failed(e); // One that cannot be stored must not keep back the others.
        }

        return (series, done);
    }

    /// <returns>False where it is to be done again.</returns>
    private async Task<bool> SendAsync(HttpSeries series, StoredPoint came, long made, CancellationToken ct)
    {
        if (series.Endpoint is not { } endpoint)
        {
            return true; // It does not say of what it is.
        }

        using var batch = await door.OpenAsync(series.Project, ct);
        batch.Origin = SeriesOrigin.Histograms;
        var average = came.Value / came.Count;
        PointBucket[] buckets = came.Buckets.Length > 0 ? came.Buckets : [new(double.NegativeInfinity, double.PositiveInfinity, came.Count)];
        foreach (var bucket in buckets)
        {
            var micros = (long)Math.Round(Math.Clamp(Middle(bucket, average) * series.MicrosOfUnit, 0, ObservationReader.MaxDurationMs * 1000));
            batch.Add(new Observation(series.Service, endpoint.Name, endpoint.Status, micros, came.Minute, 0, 0, 0)
            {
                Times = (int)Math.Clamp(bucket.Count, 1, MostAlike),
            }, default);
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"histogram\n{series.Id}\n{came.Minute.Ticks}\n{made}");
        var outcome = await door.StoreAsync(batch, SubmissionKey.Of(series.Project, name, PointBuckets.ToBytes(buckets), "{}"), new(), dropped: 0, ct);
        return outcome.State is SubmissionState.Accepted or SubmissionState.Duplicate or SubmissionState.KeyReused;
    }

    /// <summary>What stands for all of a bucket: its middle, or the one bound that it has; of one without bounds what all took on average.</summary>
    private static double Middle(PointBucket bucket, double average) => (double.IsInfinity(bucket.Lower), double.IsInfinity(bucket.Upper)) switch
    {
        (true, true) => average,
        (true, false) => bucket.Upper / 2,
        (false, true) => bucket.Lower,
        _ => (bucket.Lower + bucket.Upper) / 2,
    };

    private static async Task NoteAsync(NpgsqlConnection connection, int series, List<StoredPoint> points, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            UPDATE points p SET made = n.made, made_of = n.made_of
              FROM unnest($2::timestamptz[], $3::bigint[], $4::bytea[]) AS n(minute, made, made_of)
             WHERE p.series_id = $1 AND p.minute = n.minute AND p.minute BETWEEN $5 AND $6 -- says which partitions to look in
            """, connection);
        command.With(
            series, points.Select(point => point.Minute).ToArray(), points.Select(point => point.Count).ToArray(),
            points.Select(point => PointBuckets.ToBytes(point.Buckets)).ToArray(), points[0].Minute, points[^1].Minute);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task NoteAsync(NpgsqlConnection connection, int series, StoredPoint point, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            INSERT INTO histogram_requests (series_id, minute, at, started, value, count, buckets) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (series_id) DO UPDATE SET minute = excluded.minute, at = excluded.at, started = excluded.started, value = excluded.value,
                count = excluded.count, buckets = excluded.buckets
            """, connection);
        command.With(series, point.Minute, point.At, point.Started, point.Value, point.Count, PointBuckets.ToBytes(point.Buckets));
        await command.ExecuteNonQueryAsync(ct);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Histograms of HTTP requests could not be made windows of; the next run tries again")]
    private partial void Failed(Exception exception);

    /// <param name="Made">How many requests of it were made before, where it counts since the time before: what is late adds to it.</param>
    private sealed record DuePoint(StoredPoint Point, long Made, PointBucket[] MadeOf)
    {
        /// <summary>What was added since; null where its buckets do not say.</summary>
        public StoredPoint? Left => Made == 0 ? Point : PointBuckets.Since(Point.Buckets, MadeOf) is { } buckets ? Point with
        {
            Value = Point.Value / Point.Count * (Point.Count - Made), Count = Point.Count - Made, Buckets = buckets,
        } : null;
    }

    /// <summary>A histogram of the durations of one endpoint with one status.</summary>
    private sealed class HttpSeries(int id, int project, string service, string unit, bool isCumulative, string attributes, StoredPoint? last)
    {
        private static readonly string[] Methods = ["http.request.method", "http.method"];
        private static readonly string[] Statuses = ["http.response.status_code", "http.status_code"];

        public int Id => id;

        public int Project => project;

        public string Service => service;

        public bool IsCumulative => isCumulative;

        /// <summary>The point that observations were last made of.</summary>
        public StoredPoint? Last => last;

        public double MicrosOfUnit => unit == "ms" ? 1_000 : 1_000_000;

        /// <summary>Null where it has none.</summary>
        public (string Name, int Status)? Endpoint
        {
            get
            {
                using var json = JsonDocument.Parse(attributes);
                return int.TryParse(First(json.RootElement, Statuses), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
                    && status is >= 100 and <= 599
                    && SpanEndpoints.NameOf(First(json.RootElement, Methods) ?? "", First(json.RootElement, "http.route") ?? "/{unmatched}") is { } name
                    ? (name, status) : null;
            }
        }

        private static string? First(JsonElement attributes, params string[] names) => names
            .Select(name => attributes.TryGetProperty(name, out var value) ? value.ToString() : null).FirstOrDefault(value => value is not null);
    }
}
