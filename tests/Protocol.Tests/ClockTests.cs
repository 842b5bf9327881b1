using Bayou.Metrics;
using Npgsql;

namespace Bayou.Ingest;

public sealed class ClockTests
{
    [Fact]
    public async Task A_clock_set_far_ahead_drops_nothing()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var database = await TestDatabase.CreateAsync();
        await using var db = NpgsqlDataSource.Create(database.Url);
        await using var life = await Life.StartAsync(database, "");
        await life.CleanUpAsync(DateTimeOffset.UtcNow); // The hour of the database, which makes partitions of today.
        await life.CleanUpAsync(DateTimeOffset.UtcNow.AddYears(20));
        await using var today = db.CreateCommand($"SELECT count(*) FROM pg_class WHERE relname = '{Resolution.Minute.PartitionName(DateTimeOffset.UtcNow)}'");
        Assert.Equal(1L, await today.ExecuteScalarAsync(ct));
    }
}
