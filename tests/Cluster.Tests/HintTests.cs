using Bayou.Metrics;

namespace Bayou.Cluster;

public sealed class HintTests
{
    [Fact]
    public async Task What_one_silo_writes_the_other_hears_of_and_after_a_death_too()
    {
        await using var pair = await SiloPair.StartAsync();
        await HeardAsync(pair.Of<RowHints>(pair.Silos[0]), pair.Of<RowHints>(pair.Silos[1]));
        await HeardAsync(pair.Of<RowHints>(pair.Silos[1]), pair.Of<RowHints>(pair.Silos[0]));
        await pair.KillAsync(pair.Silos[0]);
        var late = await pair.AddSiloAsync();
        await HeardAsync(pair.Of<RowHints>(pair.Silos[0]), pair.Of<RowHints>(late));
    }

    /// <summary>A hint may get lost, one of many does not.</summary>
    private static async Task HeardAsync(RowHints writer, RowHints reader)
    {
        var heard = reader.Next;
        await Eventually.SeesAsync(
            () =>
            {
                writer.Written();
                return Task.FromResult(heard.IsCompleted);
            },
            isHeard => isHeard);
    }
}
