using Bayou.Database;
using Npgsql;

namespace Bayou.Ingest;

/// <summary>Which of a tick's batches are new, as their idempotency keys have it.</summary>
internal sealed class IdempotencyKeys
{
    public static readonly IdempotencyKeys None = new();

    private readonly HashSet<SubmissionKey> _winners = [];
    private readonly Dictionary<SubmissionKey, SubmissionOutcome> _repeats = [];

    private IdempotencyKeys()
    {
    }

    /// <summary>Whether a batch counts; one without a key always does.</summary>
    public bool IsNew(SubmissionKey? key) => key is null || _winners.Contains(key);

    /// <summary>What a sender is told after the commit. A key forgotten at this very moment is neither new nor known.</summary>
    public SubmissionOutcome OutcomeOf(SubmissionKey? key) =>
        key is null || _winners.Contains(key) ? SubmissionOutcome.Accepted : _repeats.GetValueOrDefault(key, SubmissionOutcome.Unavailable);

    /// <summary>Takes the keys that are new, within the transaction that makes their batches durable.</summary>
    /// <param name="epoch">Of the journal, and <paramref name="seq"/>; 0 for what needs no journal.</param>
    public static async Task<IdempotencyKeys> ClaimAsync(
        NpgsqlConnection connection, IReadOnlyList<SubmissionKey> keys, long epoch, long seq, CancellationToken ct)
    {
        if (keys.Count == 0)
        {
            return None;
        }

        var taken = new IdempotencyKeys();
        await taken.InsertAsync(connection, keys, epoch, seq, ct);
        if (taken._winners.Count < keys.Count)
        {
            await taken.FindRepeatsAsync(connection, keys.Where(key => !taken._winners.Contains(key)), ct);
        }

        return taken;
    }

    private async Task InsertAsync(NpgsqlConnection connection, IReadOnlyList<SubmissionKey> keys, long epoch, long seq, CancellationToken ct)
    {
        // Sorted, so that two nodes with the same keys cannot wait for each other.
        var first = keys.GroupBy(NameOf).ToDictionary(group => group.Key, group => group.First());
        await using var command = new NpgsqlCommand("""
            INSERT INTO ingest_keys (project_id, key_hash, epoch, seq, digest, answer)
            SELECT project_id, key_hash, $1, $2, digest, answer::jsonb
              FROM unnest($3::int[], $4::bytea[], $5::bytea[], $6::text[]) AS k(project_id, key_hash, digest, answer)
             ORDER BY project_id, key_hash
            ON CONFLICT DO NOTHING
            RETURNING project_id, key_hash
            """, connection);
        command.With(
            epoch, seq, first.Values.Select(key => key.Project).ToArray(), first.Values.Select(key => key.Hash).ToArray(),
            first.Values.Select(key => key.Digest).ToArray(), first.Values.Select(key => key.Answer).ToArray());
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            _winners.Add(first[(reader.GetInt32(0), Convert.ToHexString(reader.GetFieldValue<byte[]>(1)))]);
        }
    }

    private async Task FindRepeatsAsync(NpgsqlConnection connection, IEnumerable<SubmissionKey> losers, CancellationToken ct)
    {
        var byName = losers.ToLookup(NameOf);
        await using var command = new NpgsqlCommand("""
            SELECT project_id, key_hash, digest, answer::text
              FROM ingest_keys
              JOIN unnest($1::int[], $2::bytea[]) AS k(project_id, key_hash) USING (project_id, key_hash)
            """, connection);
        command.With(byName.Select(g => g.Key.Project).ToArray(), byName.Select(g => Convert.FromHexString(g.Key.Hash)).ToArray());
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var digest = reader.GetFieldValue<byte[]>(2);
            foreach (var loser in byName[(reader.GetInt32(0), Convert.ToHexString(reader.GetFieldValue<byte[]>(1)))])
            {
                _repeats[loser] = digest.AsSpan().SequenceEqual(loser.Digest)
                    ? new(SubmissionState.Duplicate, reader.GetString(3))
                    : new(SubmissionState.KeyReused);
            }
        }
    }

    private static (int Project, string Hash) NameOf(SubmissionKey key) => (key.Project, Convert.ToHexString(key.Hash));
}
