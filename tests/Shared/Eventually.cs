namespace Bayou;

internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Looks until it sees what is wanted; fails with what it last saw when that takes too long.</summary>
    public static async Task<T> SeesAsync<T>(Func<Task<T>> look, Func<T, bool> isWanted, TimeSpan? patience = null)
    {
        for (var end = DateTime.UtcNow + (patience ?? Patience); ; await Task.Delay(Pause, TestContext.Current.CancellationToken))
        {
            var seen = await look();
            if (isWanted(seen))
            {
                return seen;
            }

            Assert.True(DateTime.UtcNow < end, $"last seen: {seen}");
        }
    }
}
