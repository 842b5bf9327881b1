using Npgsql;

namespace Bayou.Ingest;

/// <summary>The SQL of epochs, journal and idempotency keys. A tick at a time.</summary>
internal sealed class JournalWriter(NpgsqlDataSource db)
{
    private readonly JournalPayload _payload = new();

    /// <summary>Starts a life of this node: a new epoch, leased for 30 s.</summary>
    public async Task<long> BeginEpochAsync(string node, CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            "INSERT INTO ingest_node (node, lease_until) VALUES ($1, now() + interval '30 seconds') RETURNING epoch");
        command.Parameters.Add(new() { Value = node });
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <returns>False when the epoch has been fenced.</returns>
    public Task<bool> RenewLeaseAsync(long epoch, CancellationToken ct) => AnyAsync(
        "UPDATE ingest_node SET lease_until = now() + interval '30 seconds' WHERE epoch = $1 AND state = 'live'", epoch, ct);

    /// <summary>Ends a life in good order: whoever comes next may deliver at once what it left.</summary>
    public Task FenceAsync(long epoch, CancellationToken ct) => AnyAsync(
        "UPDATE ingest_node SET state = 'fenced' WHERE epoch = $1 AND state = 'live'", epoch, ct);

    /// <summary>
    /// Commits one tick: the keys that are new and the winners' figures as one journal row. Sets
    /// <see cref="TickWrite.Committing"/> just before the commit is sent; an exception after that leaves its
    /// outcome unknown.
    /// </summary>
    /// <returns>False, with nothing done, when the epoch has been fenced.</returns>
    public async Task<bool> WriteAsync(TickWrite tick, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (!await IsLiveAsync(connection, tick.Epoch, ct))
        {
            return false;
        }

        var keyed = tick.Submissions.Where(s => s.Key is not null).ToList();
        tick.Winners = keyed.Count == 0 ? [] : await InsertKeysAsync(connection, tick, keyed, ct);
        tick.Repeats = keyed.Count == tick.Winners.Count ? [] : await FindRepeatsAsync(connection, keyed.Where(s => !tick.Winners.Contains(s)), ct);
        tick.Payload = _payload.Write([.. tick.Submissions.Where(s => s.Key is null || tick.Winners.Contains(s)).Select(s => s.Batch)]);
        if (!tick.Payload.IsEmpty)
        {
            await using var insert = new NpgsqlCommand("INSERT INTO ingest_journal (epoch, seq, payload) VALUES ($1, $2, $3)", connection);
            insert.Parameters.Add(new() { Value = tick.Epoch });
            insert.Parameters.Add(new() { Value = tick.Seq });
            insert.Parameters.Add(new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = tick.Payload });
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
        wait.Parameters.Add(new() { Value = epoch });
        var live = await wait.ExecuteScalarAsync(ct) is true;

        await using var look = new NpgsqlCommand("SELECT EXISTS (SELECT 1 FROM ingest_journal WHERE epoch = $1 AND seq = $2)", connection);
        look.Parameters.Add(new() { Value = epoch });
        look.Parameters.Add(new() { Value = seq });
        return (bool)(await look.ExecuteScalarAsync(ct))! ? true : live ? false : null;
    }

    private static async Task<bool> IsLiveAsync(NpgsqlConnection connection, long epoch, CancellationToken ct)
    {
        // Shared with nobody who fences: an adopter waits for this transaction.
        await using var command = new NpgsqlCommand("SELECT state = 'live' FROM ingest_node WHERE epoch = $1 FOR SHARE", connection);
        command.Parameters.Add(new() { Value = epoch });
        return await command.ExecuteScalarAsync(ct) is true;
    }

    private static async Task<HashSet<Submission>> InsertKeysAsync(
        NpgsqlConnection connection, TickWrite tick, List<Submission> keyed, CancellationToken ct)
    {
        // Sorted, so that two nodes with the same keys cannot wait for each other.
        var first = keyed.GroupBy(s => KeyOf(s.Key!)).ToDictionary(group => group.Key, group => group.First());
        await using var command = new NpgsqlCommand("""
            INSERT INTO ingest_keys (project_id, key_hash, epoch, seq, digest, answer)
            SELECT project_id, key_hash, $1, $2, digest, answer::jsonb
              FROM unnest($3::int[], $4::bytea[], $5::bytea[], $6::text[]) AS k(project_id, key_hash, digest, answer)
             ORDER BY project_id, key_hash
            ON CONFLICT DO NOTHING
            RETURNING project_id, key_hash
            """, connection);
        command.Parameters.Add(new() { Value = tick.Epoch });
        command.Parameters.Add(new() { Value = tick.Seq });
        command.Parameters.Add(new() { Value = first.Values.Select(s => s.Key!.Project).ToArray() });
        command.Parameters.Add(new() { Value = first.Values.Select(s => s.Key!.Hash).ToArray() });
        command.Parameters.Add(new() { Value = first.Values.Select(s => s.Key!.Digest).ToArray() });
        command.Parameters.Add(new() { Value = first.Values.Select(s => s.Key!.Answer).ToArray() });
        var winners = new HashSet<Submission>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            winners.Add(first[(reader.GetInt32(0), Convert.ToHexString(reader.GetFieldValue<byte[]>(1)))]);
        }

        return winners;
    }

    private static async Task<Dictionary<Submission, SubmissionOutcome>> FindRepeatsAsync(
        NpgsqlConnection connection, IEnumerable<Submission> losers, CancellationToken ct)
    {
        var repeats = new Dictionary<Submission, SubmissionOutcome>();
        var byKey = losers.ToLookup(s => KeyOf(s.Key!));
        await using var command = new NpgsqlCommand("""
            SELECT project_id, key_hash, digest, answer::text
              FROM ingest_keys
              JOIN unnest($1::int[], $2::bytea[]) AS k(project_id, key_hash) USING (project_id, key_hash)
            """, connection);
        command.Parameters.Add(new() { Value = byKey.Select(g => g.Key.Project).ToArray() });
        command.Parameters.Add(new() { Value = byKey.Select(g => Convert.FromHexString(g.Key.Hash)).ToArray() });
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var digest = reader.GetFieldValue<byte[]>(2);
            foreach (var loser in byKey[(reader.GetInt32(0), Convert.ToHexString(reader.GetFieldValue<byte[]>(1)))])
            {
                repeats[loser] = digest.AsSpan().SequenceEqual(loser.Key!.Digest)
                    ? new(SubmissionState.Duplicate, reader.GetString(3))
                    : new(SubmissionState.KeyReused);
            }
        }

        return repeats;
    }

    private static (int Project, string Hash) KeyOf(SubmissionKey key) => (key.Project, Convert.ToHexString(key.Hash));

    private async Task<bool> AnyAsync(string sql, long epoch, CancellationToken ct)
    {
        await using var command = db.CreateCommand(sql);
        command.Parameters.Add(new() { Value = epoch });
        return await command.ExecuteNonQueryAsync(ct) > 0;
    }
}

/// <summary>One tick on its way into the journal.</summary>
internal sealed class TickWrite(long epoch, long seq, IReadOnlyList<Submission> submissions)
{
    public long Epoch => epoch;

    public long Seq => seq;

    public IReadOnlyList<Submission> Submissions => submissions;

    /// <summary>The commit has been sent.</summary>
    public bool Committing { get; set; }

    /// <summary>Submissions whose key is new.</summary>
    public HashSet<Submission> Winners { get; set; } = [];

    /// <summary>Submissions whose key was used before.</summary>
    public Dictionary<Submission, SubmissionOutcome> Repeats { get; set; } = [];

    /// <summary>The journal row's content, empty where every key was used before; good until the next tick.</summary>
    public ReadOnlyMemory<byte> Payload { get; set; }

    /// <summary>What a sender is told after the commit. A key forgotten at this very moment is neither new nor known.</summary>
    public SubmissionOutcome OutcomeOf(Submission submission) =>
        submission.Key is null || Winners.Contains(submission)
            ? SubmissionOutcome.Accepted
            : Repeats.GetValueOrDefault(submission, SubmissionOutcome.Unavailable);
}
