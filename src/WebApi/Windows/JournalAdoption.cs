using Bayou.Database;
using Npgsql;

namespace Bayou.Windows;

/// <summary>
/// Delivers what a node that has ended left in the journal, under its own epoch, and retires the epoch when
/// nothing is left of it.
/// </summary>
internal sealed partial class JournalAdoption(NpgsqlDataSource db, Outstanding outstanding, ILogger<JournalAdoption> logger)
{
    private const int PageRows = 16; // of at most a megabyte or so each

    // Epochs read whole. What is fenced never grows, so once is enough.
    private readonly HashSet<long> _loaded = [];

    /// <param name="epoch">The adopter's own life.</param>
    /// <param name="ownNode">A node name whose earlier lives are over for certain, because this is its start.</param>
    public async Task AdoptAsync(long epoch, string? ownNode, CancellationToken ct)
    {
        await ClaimAsync(epoch, ownNode, ct);
        foreach (var adopted in (await AdoptedAsync(epoch, ct)).Where(adopted => !_loaded.Contains(adopted)))
        {
            try
            {
                if (await LoadAsync(adopted, ct))
                {
                    _loaded.Add(adopted);
                }
            }
            catch (InvalidDataException e)
            {
                Unreadable(adopted, e); // Left as it is, for a version that can read it.
            }
        }

        await RetireAsync(epoch, ct);
    }

    /// <summary>Fences lives whose lease has run out, and takes those fenced whose adopter has ended too.</summary>
    private async Task ClaimAsync(long epoch, string? ownNode, CancellationToken ct)
    {
        // Waits for a tick in flight, which holds its row shared, then looks again at the lease.
        await using var command = db.CreateCommand("""
            UPDATE ingest_node n SET state = 'fenced', adopter = $1
             WHERE n.epoch <> $1
               AND (n.state = 'live' AND (n.lease_until < now() OR n.node = $2)
                 OR n.state = 'fenced' AND n.adopter IS DISTINCT FROM $1 AND NOT EXISTS (
                        SELECT 1 FROM ingest_node a WHERE a.epoch = n.adopter AND a.state = 'live' AND a.lease_until >= now()))
            RETURNING n.epoch
            """);
        command.With(epoch, ownNode);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var adopted = reader.GetInt64(0);
            Adopted(adopted, epoch);
        }
    }

    private async Task<List<long>> AdoptedAsync(long epoch, CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT epoch FROM ingest_node WHERE state = 'fenced' AND adopter = $1");
        command.With(epoch);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var epochs = new List<long>();
        while (await reader.ReadAsync(ct))
        {
            epochs.Add(reader.GetInt64(0));
        }

        return epochs;
    }

    /// <returns>Whether that was all; false when there is no room for more now.</returns>
    private async Task<bool> LoadAsync(long adopted, CancellationToken ct)
    {
        while (outstanding.HasRoom)
        {
            // In pages: leaving a reader early would still read all that is left.
            await using var command = db.CreateCommand("SELECT seq, payload FROM ingest_journal WHERE epoch = $1 AND seq > $2 ORDER BY seq LIMIT $3");
            command.With(adopted, outstanding.LastSeq(adopted), PageRows);
            await using var reader = await command.ExecuteReaderAsync(System.Data.CommandBehavior.SequentialAccess, ct);
            var rows = 0;
            for (; await reader.ReadAsync(ct); rows++)
            {
                var seq = reader.GetInt64(0);
                outstanding.Add(adopted, seq, reader.GetFieldValue<byte[]>(1), live: false);
            }

            if (rows < PageRows)
            {
                return true;
            }
        }

        return false;
    }

    private async Task RetireAsync(long epoch, CancellationToken ct)
    {
        await using var command = db.CreateCommand("""
            UPDATE ingest_node n SET state = 'retired'
             WHERE n.state = 'fenced' AND n.adopter = $1
               AND NOT EXISTS (SELECT 1 FROM ingest_journal j WHERE j.epoch = n.epoch)
            RETURNING n.epoch
            """);
        command.With(epoch);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            outstanding.Forget(reader.GetInt64(0));
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "What epoch {adopted} left in the journal cannot be read by this version")]
    private partial void Unreadable(long adopted, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Epoch {adopted} is over; epoch {adopter} delivers what it left")]
    private partial void Adopted(long adopted, long adopter);
}
