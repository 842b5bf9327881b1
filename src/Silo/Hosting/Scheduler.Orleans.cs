using Npgsql;

namespace Bayou.Hosting;

internal sealed partial class Scheduler
{
    private static async partial Task TakeOverAsync(NpgsqlDataSource db, CancellationToken ct)
    {
        await using var command = db.CreateCommand("DELETE FROM reminders WHERE grain_hash = 0"); // They have no place on a cluster's ring.
        await command.ExecuteNonQueryAsync(ct);
    }
}
