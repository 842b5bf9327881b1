namespace Bayou.Cluster;

internal static class ReminderExtensions
{
    private static readonly TimeSpan FirstRun = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Registers a reminder, to run in a minute and then each period. One that is there is left alone: silos that start again and again would put it off for
    /// ever.
    /// </summary>
    public static async Task EnsureReminderAsync<T>(this T grain, string name, TimeSpan period)
        where T : Grain, IRemindable
    {
        if (await grain.GetReminder(name) is null)
        {
            await grain.RegisterOrUpdateReminder(name, FirstRun, period);
        }
    }
}
