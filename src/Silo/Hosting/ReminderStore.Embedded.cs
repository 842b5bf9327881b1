using Npgsql;
using Orleans.Embedded;

namespace Bayou.Hosting;

/// <summary>Keeps the embedded runtime's reminders in the table that Orleans uses too.</summary>
internal sealed class ReminderStore(NpgsqlDataSource db) : IReminderStore
{
    private const string ServiceId = "bayou";

    public async Task<IReadOnlyList<ReminderEntry>> LoadAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT grain_id, name, start_time, period FROM reminders WHERE service_id = $1");
        command.Parameters.Add(new() { Value = ServiceId });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var entries = new List<ReminderEntry>();
        while (await reader.ReadAsync(ct))
        {
            var grain = reader.GetString(0).Split('/', 2);
            entries.Add(new(new(grain[0], grain[1]), reader.GetString(1),
                new DateTimeOffset(reader.GetDateTime(2)), TimeSpan.FromMilliseconds(reader.GetInt64(3))));
        }

        return entries;
    }

    public async Task SaveAsync(ReminderEntry entry, CancellationToken ct)
    {
        // No ring, so no hash; Orleans registers anew what has none.
        await using var command = db.CreateCommand("""
            INSERT INTO reminders (service_id, grain_id, name, start_time, period, grain_hash) VALUES ($1, $2, $3, $4, $5, 0)
            ON CONFLICT (service_id, grain_id, name) DO UPDATE SET
                start_time = excluded.start_time, period = excluded.period, version = reminders.version + 1
            """);
        command.Parameters.Add(new() { Value = ServiceId });
        command.Parameters.Add(new() { Value = entry.Grain.ToString() });
        command.Parameters.Add(new() { Value = entry.Name });
        command.Parameters.Add(new() { Value = entry.FirstDue.UtcDateTime });
        command.Parameters.Add(new() { Value = (long)entry.Period.TotalMilliseconds });
        await command.ExecuteNonQueryAsync(ct);
    }

    public async Task RemoveAsync(GrainId grain, string name, CancellationToken ct)
    {
        await using var command = db.CreateCommand("DELETE FROM reminders WHERE service_id = $1 AND grain_id = $2 AND name = $3");
        command.Parameters.Add(new() { Value = ServiceId });
        command.Parameters.Add(new() { Value = grain.ToString() });
        command.Parameters.Add(new() { Value = name });
        await command.ExecuteNonQueryAsync(ct);
    }
}
