using System.Runtime.CompilerServices;

namespace Bayou;

/// <summary>Waits for a condition, never for a time; fails with what it last saw when that takes too long.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Looks until it sees what is wanted, and returns that.</summary>
    public static async Task<T> SeesAsync<T>(
        Func<Task<T>> look, Func<T, bool> isWanted, TimeSpan? patience = null, [CallerArgumentExpression(nameof(isWanted))] string wanted = "")
    {
        for (var end = DateTime.UtcNow + (patience ?? Patience); ; await Task.Delay(Pause, Ct))
        {
            var seen = await look();
            if (isWanted(seen))
            {
                return seen;
            }

            Assert.True(DateTime.UtcNow < end, $"wanted: {wanted}; last seen: {Text(seen)}");
        }
    }

    /// <summary>Calls again while that fails as expected, and returns the first answer.</summary>
    public static async Task<T> AnswersAsync<T>(Func<Task<T>> call, Func<Exception, bool> isExpected, TimeSpan? patience = null)
    {
        for (var end = DateTime.UtcNow + (patience ?? Patience); ; await Task.Delay(Pause, Ct))
        {
            try
            {
                return await call();
            }
            catch (Exception e) when (isExpected(e))
            {
                Assert.True(DateTime.UtcNow < end, $"no answer; last seen: {e}");
            }
        }
    }

    private static string? Text<T>(T seen) =>
        seen is System.Collections.IEnumerable many and not string ? string.Join(", ", many.Cast<object?>()) : seen?.ToString();
}
