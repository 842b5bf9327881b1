namespace Bayou.Ingest;

/// <summary>What to do when the connection broke while a tick was being committed.</summary>
internal static class UnknownCommit
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(250);

    /// <summary>Asks whether it was committed until there is an answer.</summary>
    /// <param name="failed">Told of each attempt that gave none.</param>
    /// <returns>Null when it cannot be known: the process stops first, or that is the answer.</returns>
    public static async Task<bool?> FindOutAsync(
        Func<CancellationToken, Task<bool?>> ask, Action<Exception> failed, TimeProvider time, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                return await ask(stopping);
            }
            catch (Exception e)
            {
                failed(e);
                if (!stopping.IsCancellationRequested)
                {
                    await Task.Delay(RetryPause, time, CancellationToken.None);
                }
            }
        }

        return null;
    }
}
