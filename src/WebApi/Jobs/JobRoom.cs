using Bayou.Database;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>Whether more jobs are taken: about so many may wait on a server.</summary>
internal sealed class JobRoom(NpgsqlDataSource db, IOptions<JobsOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(5);

    private long _asked;
    private bool _hasAny = true;

    public async Task<bool> HasAnyAsync(CancellationToken ct)
    {
        if (_asked == 0 || time.GetElapsedTime(_asked) > Remembered)
        {
            _asked = time.GetTimestamp();
            await using var command = db.CreateCommand("SELECT reltuples::bigint FROM pg_class WHERE oid = 'jobs'::regclass"); // As the last vacuum saw it.
            _hasAny = (long)(await command.ExecuteScalarAsync(ct))! < options.Value.MaxWaiting;
        }

        return _hasAny;
    }
}
