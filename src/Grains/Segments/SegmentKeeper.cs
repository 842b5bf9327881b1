using System.Collections.Concurrent;
using System.Globalization;
using Bayou.Database;
using Npgsql;

namespace Bayou.Segments;

/// <summary>What becomes of a segment once rows are in it: closed, sealed, expired, gone.</summary>
internal sealed class SegmentKeeper<TKind>(TKind kind, NpgsqlDataSource db)
    where TKind : SegmentKind
{
    private const int LongestSeal = 3_600; // seconds
    private const int ExpiryAfter = 20; // segments

    // For longer than any query takes: one that has read the catalogue must find the tables it names.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(5);

    // Of a group that could not be sealed: one that is damaged must not keep back the others.
    private readonly ConcurrentDictionary<int, bool> _alone = [];

    /// <summary>Closes and seals whatever is due, and lets go what is past its time.</summary>
    /// <param name="closedBy">Of closed ones those that were by then, in UTC; null for whatever is due.</param>
    /// <returns>How many segments were sealed.</returns>
    public async Task<int> SealAllAsync(CancellationToken ct, DateTime? closedBy = null)
    {
        await CloseAsync(ct);
        var sealedOnes = 0;
        while (await SealAsync(ct, closedBy))
        {
            if (++sealedOnes % ExpiryAfter == 0)
            {
                await ExpireAsync(ct); // Else each is there twice for as long as more come than can be sealed.
            }
        }

        await ExpireAsync(ct);
        return sealedOnes;
    }

    /// <summary>Closes segments that are old but not full, so that they can be let go when their time comes.</summary>
    public async Task<int> CloseAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await kind.Feed.AcquireAsync(connection, ct);
        var closed = 0;
        foreach (var part in kind.Classes)
        {
            await using var close = new NpgsqlCommand($"""
                UPDATE {kind.Catalogue} SET state = 'closed', changed_at = now()
                 WHERE state = 'hot' AND retention = $1 AND max_id IS NOT NULL AND created_at < now() - $2
                """, connection);
            close.With(part.Name, part.LongestOpen);
            closed += await close.ExecuteNonQueryAsync(ct);
        }

        await transaction.CommitAsync(ct);
        return closed;
    }

    /// <summary>Makes one segment of closed ones, in the order of their ids, with indexes and its rows counted; in one transaction.</summary>
    /// <returns>False when there are too few rows for one, or another process is at it.</returns>
    public async Task<bool> SealAsync(CancellationToken ct, DateTime? closedBy = null)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await ToSealAsync(connection, closedBy, ct) is not { Length: > 0 } parts || !await LockAsync(connection, parts, ct))
        {
            return false;
        }

        var lines = string.Join(" UNION ALL ", parts.Select(part => $"SELECT * FROM {kind.Table(part)}"));
        var kept = await KeptAsync(connection, parts, ct);
        try
        {
            var id = await CatalogueAsync(connection, parts, ct);
            var table = kind.Table(id);
            await using var seal = new NpgsqlCommand($"""
                SET LOCAL maintenance_work_mem = '128MB';
                SET LOCAL work_mem = '64MB';
                CREATE TABLE {table} AS SELECT * FROM ({kept}) rows ORDER BY id;
                CREATE INDEX ON {table} (id);
                {kind.SealSql(id)}
                ANALYZE {table};
                """, connection) { CommandTimeout = LongestSeal };
            await seal.ExecuteNonQueryAsync(ct);
            await ReplaceAsync(connection, parts, (lines, kept), id, ct);
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
            await using var postpone = db.CreateCommand($"UPDATE {kind.Catalogue} SET changed_at = now() WHERE id = ANY ($1) AND state <> 'expired'");
            postpone.With(parts);
            await postpone.ExecuteNonQueryAsync(CancellationToken.None);
            throw;
        }
    }

    /// <returns>What is to be written as one sealed segment; none for nothing.</returns>
    private async Task<int[]> ToSealAsync(NpgsqlConnection connection, DateTime? closedBy, CancellationToken ct) =>
        await DeletedFromAsync(connection, ct) is { } deletedFrom ? [deletedFrom] : await new SegmentChoice(kind, _alone).OfAsync(connection, closedBy, ct);

    /// <returns>A segment that has rows which were deleted, for it must be written anew; null for none.</returns>
    private async Task<int?> DeletedFromAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        if (kind.Deletions is null)
        {
            return null;
        }

        await using var command = new NpgsqlCommand($"""
            SELECT s.id FROM {kind.Catalogue} s
             WHERE s.state IN ('closed', 'sealed') AND (s.id <> ALL ($1) OR s.changed_at < now() - $2)
               AND EXISTS (SELECT FROM {kind.Deletions} d WHERE d.project_id = s.project_id AND d.id BETWEEN s.min_id AND s.max_id)
             ORDER BY s.changed_at LIMIT 1
            """, connection);
        command.With(_alone.Keys.ToArray(), kind.SealAfter);
        return (int?)await command.ExecuteScalarAsync(ct);
    }

    /// <returns>False when another process has one of them.</returns>
    private async Task<bool> LockAsync(NpgsqlConnection connection, int[] parts, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT count(*) FROM (SELECT FROM {kind.Catalogue} WHERE id = ANY ($1) AND state IN ('closed', 'sealed') FOR UPDATE SKIP LOCKED) locked
            """, connection);
        command.With(parts);
        return (long)(await command.ExecuteScalarAsync(ct))! == parts.Length;
    }

    /// <summary>Puts the sealed segment that closed ones make into the catalogue.</summary>
    private async Task<int> CatalogueAsync(NpgsqlConnection connection, int[] parts, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"""
            WITH parts AS (SELECT * FROM {kind.Catalogue} WHERE id = ANY ($1))
            INSERT INTO {kind.Catalogue} (project_id, retention, state, min_id, max_id, min_time, max_time, lines)
            SELECT project_id, retention, 'sealed', min(min_id), max(max_id), min(min_time), max(max_time),
                   ARRAY(SELECT sum(n) FROM parts, unnest(lines) WITH ORDINALITY AS of(n, level) GROUP BY level ORDER BY level)
              FROM parts GROUP BY project_id, retention
            RETURNING id
            """, connection);
        command.With(parts);
        return (int)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Takes out of the catalogue what a sealed segment was made of; the tables go later.</summary>
    /// <exception cref="InvalidDataException">The sealed one has not as many rows.</exception>
    private async Task ReplaceAsync(NpgsqlConnection connection, int[] parts, (string All, string Kept) lines, int id, CancellationToken ct)
    {
        var deleted = kind.Deletions is not null ? await ForgetDeletionsAsync(connection, lines.All, id, ct)
            : kind.LeftOut is not null ? await LeftOutAsync(connection, lines, ct) : 0;

        // By the clock: those who have read the catalogue by now still look for the parts.
        await using var command = new NpgsqlCommand($"""
            UPDATE {kind.Catalogue} SET state = 'expired', changed_at = clock_timestamp()
             WHERE id = ANY ($1)
               AND (SELECT count(*) FROM {kind.Table(id)}) + $2 = (SELECT sum(n) FROM {kind.Catalogue}, unnest(lines) n WHERE id = ANY ($1))
            """, connection) { CommandTimeout = LongestSeal };
        command.With(parts, deleted);
        if (await command.ExecuteNonQueryAsync(ct) != parts.Length)
        {
            throw new InvalidDataException($"{kind.Table(id)} has not as many rows as the segments {string.Join(", ", parts)}, which stay.");
        }

        if (deleted > 0)
        {
            await using var count = new NpgsqlCommand($"""
                UPDATE {kind.Catalogue} SET lines = ARRAY[(SELECT count(*) FROM {kind.Table(id)})],
                       state = CASE WHEN EXISTS (SELECT FROM {kind.Table(id)}) THEN state ELSE 'expired' END
                 WHERE id = $1
                """, connection);
            count.With(id);
            await count.ExecuteNonQueryAsync(ct);
        }
    }

    /// <summary>Forgets what was deleted of a segment that has been written without it.</summary>
    /// <returns>How many rows are left out of it.</returns>
    private async Task<long> ForgetDeletionsAsync(NpgsqlConnection connection, string lines, int id, CancellationToken ct)
    {
        // By the rows: one may have been deleted a second time, by who still saw it in a table that was replaced.
        // What was deleted only while it was written is in it still.
        await using var forget = new NpgsqlCommand($"""
            WITH gone AS (
                DELETE FROM {kind.Deletions} d USING {kind.Catalogue} s
                 WHERE s.id = $1 AND d.project_id = s.project_id AND d.id BETWEEN s.min_id AND s.max_id
                   AND NOT EXISTS (SELECT FROM {kind.Table(id)} t WHERE t.id = d.id)
                RETURNING d.id)
            SELECT count(*) FROM gone WHERE id IN (SELECT id FROM ({lines}) lines)
            """, connection) { CommandTimeout = LongestSeal };
        forget.With(id);
        return (long)(await forget.ExecuteScalarAsync(ct))!;
    }

    /// <summary>The rows of some segments, without those that are to be left out.</summary>
    private async Task<string> KeptAsync(NpgsqlConnection connection, int[] parts, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"SELECT id, project_id, state = 'sealed' FROM {kind.Catalogue} WHERE id = ANY ($1)", connection);
        command.With(parts);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var selects = new List<string>();
        while (await reader.ReadAsync(ct))
        {
            // One sequence for all projects. What has been sealed was decided on before.
            var condition = kind.Deletions is not null ? $" WHERE rows.id NOT IN (SELECT id FROM {kind.Deletions})"
                : kind.LeftOut is null || reader.GetBoolean(2) ? ""
                : $" WHERE NOT {kind.LeftOut.Replace("$1", reader.GetInt32(1).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)}";
            selects.Add($"SELECT * FROM {kind.Table(reader.GetInt32(0))} rows{condition}");
        }

        return string.Join(" UNION ALL ", selects);
    }

    private static async Task<long> LeftOutAsync(NpgsqlConnection connection, (string All, string Kept) lines, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT (SELECT count(*) FROM ({lines.All}) rows) - (SELECT count(*) FROM ({lines.Kept}) rows)", connection) { CommandTimeout = LongestSeal };
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Takes segments out of the catalogue whose newest row is past its retention, and drops the tables of those taken out some minutes ago.</summary>
    public async Task<int> ExpireAsync(CancellationToken ct)
    {
        var changed = 0;
        foreach (var part in kind.Classes)
        {
            await using var expire = db.CreateCommand($"""
                UPDATE {kind.Catalogue} SET state = 'expired', changed_at = now()
                 WHERE state IN ('closed', 'sealed') AND retention = $1 AND max_time < now() - $2
                """);
            expire.With(part.Name, part.Retention);
            changed += await expire.ExecuteNonQueryAsync(ct);
        }

        if (kind.MostBytes < long.MaxValue)
        {
            changed += await ExpireBeyondAsync(ct);
        }

        await using var forget = db.CreateCommand($"DELETE FROM {kind.Commits} WHERE ticked_at < now() - interval '7 days'");
        await forget.ExecuteNonQueryAsync(ct);
        await using var list = db.CreateCommand($"SELECT id FROM {kind.Catalogue} WHERE state = 'expired' AND changed_at < now() - $1");
        list.With(Grace);
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
                DROP TABLE IF EXISTS {kind.Table(id)};
                {kind.DropSql(id)}
                DELETE FROM {kind.Catalogue} WHERE id = {id};
                """);
            await drop.ExecuteNonQueryAsync(ct);
            changed++;
        }

        return changed;
    }

    /// <summary>Takes the oldest segments of a project out of the catalogue where it takes more of the disk than it may.</summary>
    private async Task<int> ExpireBeyondAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            UPDATE {kind.Catalogue} SET state = 'expired', changed_at = now()
             WHERE state IN ('closed', 'sealed') AND id IN (
                   SELECT id FROM (
                       SELECT id, row_number() OVER newest AS place, sum({kind.SizeSql}) OVER newest AS bytes
                         FROM {kind.Catalogue} WHERE state <> 'expired' AND max_id IS NOT NULL
                       WINDOW newest AS (PARTITION BY project_id ORDER BY max_id DESC)) sized
                    WHERE place > 1 AND bytes > $1)
            """);
        command.With(kind.MostBytes);
        return await command.ExecuteNonQueryAsync(ct);
    }
}
