using Bayou.Database;
using Bayou.Ingest;
using Npgsql;

namespace Bayou.Points;

/// <summary>
/// Writes points, a tick at a time: of a gauge or a cumulative counter the newest of a minute stays, the others add up. Whoever writes has a lock, so that
/// what two nodes bring for one minute adds up too.
/// </summary>
internal sealed class PointStore(NpgsqlDataSource db, PointPartitions partitions) : ITickStore<PointBatch>
{
    private static readonly AdvisoryLock Writing = new("points");

    private const string Patience = "SET LOCAL lock_timeout = '5s'"; // Ends a wait for whoever is frozen.

    private readonly Guid _node = Guid.NewGuid();
    private long _ticks;

    public bool IsFull => false;

    public async Task WriteAsync(Tick<PointBatch> tick, CancellationToken ct)
    {
        _ticks++;
        var days = tick.Submissions.SelectMany(submission => submission.Batch.Points).Select(one => one.Point.Minute.Date).Distinct().ToList();
        await partitions.EnsureAsync(days, ct); // Before the transaction: a table that is made waits for those who read.
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using (var patience = new NpgsqlCommand(Patience, connection))
        {
            await patience.ExecuteNonQueryAsync(ct);
        }

        var batches = await tick.ClaimKeysAsync(connection, 0, 0, ct);
        if (batches.Count > 0)
        {
            await Writing.AcquireAsync(connection, ct);
            var come = batches.SelectMany(batch => batch.Points.Select(one => (one.Series, one.Point, IsAdded: batch.IsAdded(one.Point)))).ToList();
            var stored = await ReadAsync(connection, [.. come.Select(one => (one.Series, one.Point.Minute)).Distinct()], ct);
            foreach (var (series, point, isAdded) in come)
            {
                var key = (series, point.Minute);
                stored[key] = stored.TryGetValue(key, out var had) ? Merged(had, point, isAdded) : point;
            }

            await UpsertAsync(connection, stored, ct);
            await using var note = new NpgsqlCommand(
                "INSERT INTO point_commits (node, tick) VALUES ($1, $2) ON CONFLICT (node) DO UPDATE SET tick = excluded.tick, ticked_at = now()", connection);
            note.With(_node, _ticks);
            await note.ExecuteNonQueryAsync(ct);
            tick.Committing = true;
        }

        await transaction.CommitAsync(ct);
    }

    public async Task<bool?> IsCommittedAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await Writing.AcquireAsync(connection, ct); // The old backend has it until it is through.
        await using var look = new NpgsqlCommand("SELECT tick FROM point_commits WHERE node = $1", connection);
        look.With(_node);
        return await look.ExecuteScalarAsync(ct) is long tick && tick >= _ticks;
    }

    public void Committed()
    {
    }

    public Task RecoverAsync(Exception exception) => Task.CompletedTask;

    /// <summary>What stays of two points of one minute.</summary>
    private static Point Merged(Point had, Point comes, bool isAdded)
    {
        var newer = comes.At >= had.At ? comes : had;
        return !isAdded ? newer : newer with
        {
            Started = Math.Min(had.Started, comes.Started), Value = had.Value + comes.Value, Count = PointBuckets.Plus(had.Count, comes.Count),
            Buckets = had.Buckets is null && comes.Buckets is null ? null : PointBuckets.Sum(had.Buckets ?? [], comes.Buckets ?? []),
        };
    }

    private static async Task<Dictionary<(int Series, DateTime Minute), Point>> ReadAsync(
        NpgsqlConnection connection, List<(int Series, DateTime Minute)> keys, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            SELECT p.series_id, p.minute, p.at, p.started, p.value, p.count, p.buckets
              FROM unnest($1::int[], $2::timestamptz[]) AS k(series_id, minute)
              JOIN points p ON p.series_id = k.series_id AND p.minute = k.minute
             WHERE p.minute BETWEEN $3 AND $4 -- says which partitions to look in
            """, connection);
        var minutes = keys.ConvertAll(key => key.Minute);
        command.With(keys.ConvertAll(key => key.Series).ToArray(), minutes.ToArray(), minutes.Min(), minutes.Max());
        await using var reader = await command.ExecuteReaderAsync(ct);
        var stored = new Dictionary<(int, DateTime), Point>();
        while (await reader.ReadAsync(ct))
        {
            stored[(reader.GetInt32(0), reader.GetDateTime(1))] = new(
                0, reader.GetInt64(2), reader.GetInt64(3), reader.GetDouble(4), reader.GetInt64(5),
                reader.IsDBNull(6) ? null : PointBuckets.FromBytes(reader.GetFieldValue<byte[]>(6)));
        }

        return stored;
    }

    private static async Task UpsertAsync(NpgsqlConnection connection, Dictionary<(int Series, DateTime Minute), Point> points, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            INSERT INTO points (series_id, minute, at, started, value, count, buckets)
            SELECT * FROM unnest($1::int[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::float8[], $6::bigint[], $7::bytea[])
            ON CONFLICT (series_id, minute) DO UPDATE
               SET at = excluded.at, started = excluded.started, value = excluded.value, count = excluded.count, buckets = excluded.buckets
            """, connection);
        command.With(
            points.Keys.Select(key => key.Series).ToArray(), points.Keys.Select(key => key.Minute).ToArray(), points.Values.Select(one => one.At).ToArray(),
            points.Values.Select(one => one.Started).ToArray(), points.Values.Select(one => one.Value).ToArray(),
            points.Values.Select(one => one.Count).ToArray(),
            points.Values.Select(one => one.Buckets is null ? null : PointBuckets.ToBytes(one.Buckets)).ToArray());
        await command.ExecuteNonQueryAsync(ct);
    }
}
