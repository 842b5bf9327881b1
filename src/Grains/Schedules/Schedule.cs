namespace Bayou.Schedules;

/// <summary>What is done about occurrences that nobody was there for.</summary>
internal static class MissedRuns
{
    public const string Skip = "skip", RunOnce = "run_once", RunAll = "run_all";

    public static IReadOnlyList<string> All { get; } = [RunOnce, Skip, RunAll];
}

/// <summary>A row of <c>schedules</c>, as the scheduler reads it.</summary>
/// <param name="Next">Null where it is not known yet.</param>
internal sealed record Schedule(
    int Id, int Project, string Type, string Payload, string? Queue, short? Priority, ScheduleRule Rule, bool IsOnce, int JitterMs, string Missed,
    bool Overlaps, DateTime? Next);

/// <summary>What a schedule has to do at a moment.</summary>
/// <param name="Occurrences">That are to run.</param>
/// <param name="Skipped">The last that is not, as it was missed; null for none.</param>
/// <param name="Next">Null when there is none.</param>
internal sealed record DueRuns(IReadOnlyList<DateTime> Occurrences, DateTime? Skipped, DateTime? Next)
{
    /// <summary>An occurrence that is later than this was missed: the reminder comes each minute, and may have to look for a silo.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(2);

    private const int MostAtOnce = 100;
    private const int MostLookedAt = 100_000; // a day of seconds

    public static DueRuns Of(Schedule schedule, DateTime now)
    {
        if (schedule.Next is not { } first)
        {
            return new([], null, schedule.Rule.After(now));
        }

        var due = new List<DateTime>();
        DateTime? next = first;
        while (next <= now)
        {
            due.Add(next.Value);
            next = schedule.Rule.After(due.Count % MostLookedAt == 0 && now - Late > next.Value ? now - Late : next.Value);
        }

        var inTime = due.FindAll(occurrence => now - occurrence <= Late);
        IReadOnlyList<DateTime> run = schedule.Missed switch
        {
            MissedRuns.RunAll => due[Math.Max(0, due.Count - MostAtOnce)..],
            MissedRuns.RunOnce when inTime.Count == 0 => due[Math.Max(0, due.Count - 1)..],
            _ => inTime[Math.Max(0, inTime.Count - MostAtOnce)..],
        };
        return new(run, due.FindLast(occurrence => !run.Contains(occurrence)) is var skipped && skipped != default ? skipped : null, next);
    }
}
