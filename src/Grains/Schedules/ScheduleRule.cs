using Cronos;

namespace Bayou.Schedules;

/// <summary>When a schedule has its occurrences: by a cron expression, at an interval, or once.</summary>
internal sealed class ScheduleRule
{
    private const int ShortestInterval = 1; // seconds
    private const int LongestInterval = 366 * 86_400;
    private const int LongestCron = 200;

    private readonly CronExpression? _cron;
    private readonly TimeSpan? _every;
    private readonly DateTime? _once;
    private readonly DateTime _anchor;

    private ScheduleRule(CronExpression? cron, TimeSpan? every, DateTime? once, TimeZoneInfo zone, DateTime anchor) =>
        (_cron, _every, _once, Zone, _anchor) = (cron, every, once, zone, anchor);

    public TimeZoneInfo Zone { get; }

    /// <param name="cron">Five fields, six with seconds first, or a macro as <c>@daily</c>. One of this and the next two is given.</param>
    /// <param name="timeZone">IANA's name of the zone that a cron expression is in.</param>
    /// <param name="anchor">From when on intervals are counted.</param>
    /// <returns>Or what is wrong: the field, and what it must be.</returns>
    public static (ScheduleRule? Rule, (string Field, string Message)? Wrong) Of(
        string? cron, int? everySeconds, DateTime? onceAt, string timeZone, DateTime anchor)
    {
        if ((cron is null ? 0 : 1) + (everySeconds is null ? 0 : 1) + (onceAt is null ? 0 : 1) != 1)
        {
            return (null, ("cron", "or every_seconds or once_at must be given, and one of them alone"));
        }

        if (!TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out var zone))
        {
            return (null, ("time_zone", $"must be a time zone of IANA's, as Europe/Zurich; there is no {timeZone[..Math.Min(timeZone.Length, 60)]}"));
        }

        if (everySeconds is < ShortestInterval or > LongestInterval)
        {
            return (null, ("every_seconds", $"must be from {ShortestInterval} to {LongestInterval}"));
        }

        var fields = cron?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (cron is not null && fields.Length is not (5 or 6) && fields is not [['@', ..]])
        {
            return (null, ("cron", "must have five fields, or six with seconds first, or be @daily and the like"));
        }

        try
        {
            var expression = cron is null ? null
                : cron.Length > LongestCron ? throw new CronFormatException($"it is longer than {LongestCron} characters.")
                : CronExpression.Parse(cron, fields.Length == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard);
            var every = everySeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
            var rule = new ScheduleRule(expression, every, onceAt, zone, anchor.AddTicks(-(anchor.Ticks % TimeSpan.TicksPerSecond)));
            return expression is not null && rule.After(anchor) is null ? (null, ("cron", "never fires")) : (rule, null);
        }
        catch (CronFormatException e)
        {
            return (null, ("cron", $"cannot be understood: {e.Message.TrimEnd('.')}"));
        }
    }

    /// <summary>
    /// The first occurrence after a moment. Where clocks are put forward, what would fall into the hour that is left out comes when it ends; where they are put
    /// back, a fixed time comes once, the first time, and an interval as <c>*/10</c> both times (as Cronos, and Vixie cron, have it).
    /// </summary>
    /// <returns>Null when there is none.</returns>
    public DateTime? After(DateTime time)
    {
        if (_cron is not null)
        {
            return _cron.GetNextOccurrence(time, Zone);
        }

        if (_once is { } once)
        {
            return once > time ? once : null;
        }

        var every = _every!.Value.Ticks;
        var passed = (time - _anchor).Ticks;
        return _anchor.AddTicks(passed < 0 ? 0 : ((passed / every) + 1) * every);
    }

    /// <summary>The next occurrences after a moment.</summary>
    public IReadOnlyList<DateTime> Next(DateTime after, int count)
    {
        var next = new List<DateTime>();
        while (next.Count < count && After(next is [.., var last] ? last : after) is { } occurrence)
        {
            next.Add(occurrence);
        }

        return next;
    }
}
