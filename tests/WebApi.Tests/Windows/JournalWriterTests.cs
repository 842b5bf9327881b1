namespace Bayou.Windows;

public sealed class JournalWriterTests(BayouServer server) : IClassFixture<BayouServer>
{
    [Fact]
    public async Task A_commit_of_unknown_outcome_is_found_out_or_stays_unknown_once_the_epoch_is_fenced()
    {
        var ct = BayouServer.Ct;
        var journal = new JournalWriter(server.Db);
        var epoch = await journal.BeginEpochAsync("elsewhere", ct);
        await using (var insert = server.Db.CreateCommand("INSERT INTO ingest_journal (epoch, seq, payload) VALUES ($1, 1, '\\x01')"))
        {
            insert.Parameters.Add(new() { Value = epoch });
            await insert.ExecuteNonQueryAsync(ct);
        }

        Assert.True(await journal.IsCommittedAsync(epoch, 1, ct));
        Assert.False(await journal.IsCommittedAsync(epoch, 2, ct));
        await journal.FenceAsync(epoch, ct);
        Assert.True(await journal.IsCommittedAsync(epoch, 1, ct));
        Assert.Null(await journal.IsCommittedAsync(epoch, 2, ct)); // Perhaps delivered and deleted by an adopter.
        Assert.False(await journal.RenewLeaseAsync(epoch, ct));
    }

    [Fact]
    public async Task A_tick_of_a_fenced_epoch_writes_nothing()
    {
        var ct = BayouServer.Ct;
        var journal = new JournalWriter(server.Db);
        var epoch = await journal.BeginEpochAsync("elsewhere", ct);
        await journal.FenceAsync(epoch, ct);
        Assert.False(await journal.WriteAsync(epoch, 1, new([]), ct));
    }
}
