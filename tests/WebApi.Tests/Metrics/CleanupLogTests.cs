using Bayou.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Metrics;

/// <summary>A cleanup says what it did, and nothing where it did nothing.</summary>
public sealed class CleanupLogTests(BayouServer server) : IClassFixture<BayouServer>
{
    [Fact]
    public async Task A_cleanup_that_found_nothing_says_nothing()
    {
        using var log = new LineList();
        var cleanup = new MetricsCleanup(
            server.Db, server.Get<WindowPartitions>(), server.Get<IOptions<MetricsOptions>>(), server.Get<TimeProvider>(), new LoggerFactory([log])
                .CreateLogger<MetricsCleanup>());
        await using var old = server.Db.CreateCommand(
            @"INSERT INTO ingest_keys (project_id, key_hash, epoch, seq, digest, answer, created_at)"
                + @" VALUES (1, '\x01', 1, 1, '', '{}', now() - interval '25 hours')");
        await old.ExecuteNonQueryAsync(BayouServer.Ct);

        for (var i = 0; i < 3; i++)
        {
            await cleanup.RunAsync(BayouServer.Ct);
        }

        Assert.Equal(["Information: Cleaned up: 0 partitions dropped, 1 idempotency keys forgotten"], log.Lines);
    }
}
