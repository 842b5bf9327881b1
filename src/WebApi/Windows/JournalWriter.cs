using Bayou.Database;
using Bayou.Ingest;
using Bayou.Requests;
using Npgsql;

namespace Bayou.Windows;

/// <summary>The SQL of epochs, journal and idempotency keys. A tick at a time.</summary>
internal sealed class JournalWriter(NpgsqlDataSource db)
{
    private readonly JournalPayload _payload = new();

    /// <summary>Starts a life of this node: a new epoch, leased for 30 s.</summary>
    public async Task<long> BeginEpochAsync(string node, CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            "INSERT INTO ingest_node (node, lease_until) VALUES ($1, now() + interval '30 seconds') RETURNING epoch");
        command.With(node);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <returns>False when the epoch has been fenced.</returns>
    public Task<bool> RenewLeaseAsync(long epoch, CancellationToken ct) => AnyAsync(
        "UPDATE ingest_node SET lease_until = now() + interval '30 seconds' WHERE epoch = $1 AND state = 'live'", epoch, ct);

    /// <summary>Ends a life in good order: whoever comes next may deliver at once what it left.</summary>
    public Task FenceAsync(long epoch, CancellationToken ct) => AnyAsync(
        "UPDATE ingest_node SET state = 'fenced' WHERE epoch = $1 AND state = 'live'", epoch, ct);

    /// <summary>The content of the journal row that was written last, empty where every key was used before; good until the next.</summary>
    public ReadOnlyMemory<byte> Payload { get; private set; }

    /// <summary>Commits one tick: the keys that are new and the winners' figures as one journal row.</summary>
    /// <returns>False, with nothing done, when the epoch has been fenced.</returns>
    public async Task<bool> WriteAsync(long epoch, long seq, Tick<ObservationBatch> tick, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (!await IsLiveAsync(connection, epoch, ct))
        {
            return false;
        }

        Payload = _payload.Write(await tick.ClaimKeysAsync(connection, epoch, seq, ct));
        if (!Payload.IsEmpty)
        {
            await using var insert = new NpgsqlCommand("INSERT INTO ingest_journal (epoch, seq, payload) VALUES ($1, $2, $3)", connection);
            insert.With(epoch, seq);
            insert.Parameters.Add(new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = Payload });
            await insert.ExecuteNonQueryAsync(ct);
            tick.Committing = true;
        }

        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>
    /// Whether a tick of unknown outcome was committed; waits out the backend that may still be committing it. Null
    /// when it cannot be known any more: the epoch has been fenced, and its adopter may have delivered and deleted the row.
    /// </summary>
    public async Task<bool?> IsCommittedAsync(long epoch, long seq, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var wait = new NpgsqlCommand("SELECT state = 'live' FROM ingest_node WHERE epoch = $1 FOR UPDATE", connection);
        wait.With(epoch);
        var live = await wait.ExecuteScalarAsync(ct) is true;

        await using var look = new NpgsqlCommand("SELECT EXISTS (SELECT 1 FROM ingest_journal WHERE epoch = $1 AND seq = $2)", connection);
        look.With(epoch, seq);
        return (bool)(await look.ExecuteScalarAsync(ct))! ? true : live ? false : null;
    }

    private static async Task<bool> IsLiveAsync(NpgsqlConnection connection, long epoch, CancellationToken ct)
    {
        // Shared with nobody who fences: an adopter waits for this transaction.
        await using var command = new NpgsqlCommand("SELECT state = 'live' FROM ingest_node WHERE epoch = $1 FOR SHARE", connection);
        command.With(epoch);
        return await command.ExecuteScalarAsync(ct) is true;
    }

    private async Task<bool> AnyAsync(string sql, long epoch, CancellationToken ct)
    {
        await using var command = db.CreateCommand(sql);
        command.With(epoch);
        return await command.ExecuteNonQueryAsync(ct) > 0;
    }
}
