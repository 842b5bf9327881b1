namespace Bayou.Ingest;

/// <summary>
/// The ingest protocol broken at every step (docs/adr/0007-ingest-protocol.md), by its own clock: whatever breaks, what was
/// acknowledged counts once. Senders try again under the same key until they are told that it is taken.
/// </summary>
public sealed class CrashTests(ProtocolDatabase database) : IClassFixture<ProtocolDatabase>
{
    private static readonly bool IsFull = Environment.GetEnvironmentVariable("BAYOU_TEST_FULL") is not null;

    [Theory]
    [InlineData("INSERT INTO series", false)]
    [InlineData("FOR SHARE", false)]
    [InlineData("INSERT INTO ingest_keys", false)]
    [InlineData("INSERT INTO ingest_journal", false)]
    [InlineData("INSERT INTO ingest_journal", true)]
    [InlineData("FROM unnest", false)] // Loading windows, and reading what is durable.
    [InlineData("pg_advisory_xact_lock", false)]
    [InlineData("INSERT INTO metric_windows", false)]
    [InlineData("INSERT INTO metric_marks", false)]
    [InlineData("INSERT INTO metric_marks", true)] // The commit of a flush.
    [InlineData("DELETE FROM ingest_journal", false)]
    public async Task At_each_statement_of_the_protocol(string statement, bool atItsCommit)
    {
        foreach (var (cut, isFatal) in Cuts())
        {
            var broken = 0;
            await TryAsync(isFatal, (_, text, before) =>
                (atItsCommit ? text.Contains("COMMIT", StringComparison.Ordinal) && before.Contains(statement, StringComparison.Ordinal)
                    : text.Contains(statement, StringComparison.Ordinal))
                && Interlocked.Exchange(ref broken, 1) == 0 ? cut : null);
            Assert.True(broken == 1, $"{statement} was never sent");
        }
    }

    [Fact]
    public async Task At_every_message_to_the_database()
    {
        var step = IsFull ? 1 : 4; // Each way of breaking begins elsewhere, so that together they meet every message.
        foreach (var (offset, (cut, isFatal)) in Cuts().Index())
        {
            var messages = 1;
            for (var at = 1 + (offset % step); at <= messages + step; at += step)
            {
                messages = await TryAsync(isFatal, (number, _, _) => number == at ? cut : null);
            }
        }
    }

    private static IEnumerable<(Cut Cut, bool IsFatal)> Cuts() => [(Cut.Before, false), (Cut.After, false), (Cut.Before, true), (Cut.After, true)];

    /// <summary>Sends, breaks, goes on in another life where that was the end of one, and compares. Returns how many messages the first life sent.</summary>
    private async Task<int> TryAsync(bool isFatal, Func<int, string, string, Cut?> fault)
    {
        await using var sender = new Sender(database);
        var first = await sender.BeginAsync();
        var before = first.Wire.Messages;
        (first.Wire.IsFatal, first.Wire.Fault) = (isFatal, (number, text, previous) => fault(number - before, text, previous));
        for (var i = 0; i < 4; i++)
        {
            await sender.SendTwiceAsync([("/a", false), ("/a", true), ($"/{i}", i % 2 == 0)]);
            await sender.SendWithoutKeyAsync("/no-key");
            await sender.Life.RunAsync(TimeSpan.FromSeconds(1));
        }

        await sender.SettleAsync();
        await sender.ExpectAsync();
        return first.Wire.Messages - before;
    }
}
