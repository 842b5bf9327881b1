using Npgsql;

namespace Bayou.Hosting;

internal sealed partial class Scheduler
{
    private static partial Task TakeOverAsync(NpgsqlDataSource db, CancellationToken ct) => Task.CompletedTask; // All that Orleans keeps is good here.
}
