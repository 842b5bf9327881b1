using System.Text.Json;
using Bayou.Http;
using Bayou.Jobs;

namespace Bayou.Schedules;

/// <summary>A schedule to be, or what changes of one.</summary>
/// <param name="Cron">Five fields, six with seconds first, or a macro as <c>@daily</c>. One of this and the next two is given.</param>
/// <param name="TimeZone">IANA's name of the zone that cron is in; UTC unless told.</param>
/// <param name="JitterMs">Each run waits a random time up to this.</param>
/// <param name="Missed">What is done about occurrences that nobody was there for: <c>run_once</c> (unless told), <c>skip</c>, <c>run_all</c> (of the last
/// 100).</param>
/// <param name="Overlap">Whether a run may begin before the one before it has ended.</param>
internal sealed record ScheduleBody(
    string? Name, string? Type, JsonElement? Payload, string? Queue, int? Priority, string? Cron, int? EverySeconds, DateTimeOffset? OnceAt, string? TimeZone,
    bool? Enabled, int? JitterMs, string? Missed, bool? Overlap) : IBody
{
    private const int LongestName = 100;
    private const int LongestJitter = 86_400_000; // milliseconds

    /// <summary>When it has its occurrences, as it says itself or as the schedule that it changes has it.</summary>
    public bool HasTimes => Cron is not null || EverySeconds is not null || OnceAt is not null || TimeZone is not null;

    /// <param name="types">Null where the type is not to change.</param>
    /// <returns>What of it does not fit, times aside.</returns>
    public FieldError? Check(JobTypes types, JobsOptions options, string type, bool isSystem) =>
        types.Find(type) is not { } handler || handler.Type.IsSystem != isSystem
            ? new("type", $"must be one of {string.Join(", ", types.All.Where(one => one.Type.IsSystem == isSystem).Select(one => one.Type.Name))}")
        : Name is not null && (string.IsNullOrWhiteSpace(Name) || Name.Length > LongestName || Name.Contains('\0', StringComparison.Ordinal))
            ? new("name", $"must be a text of 1 to {LongestName} characters")
        : Payload is { } payload && handler.Check(payload.GetRawText()) is var (field, message) ? new(field, message)
        : Queue is not null && !options.Queues.ContainsKey(Queue) ? new("queue", $"must be one of {string.Join(", ", options.Queues.Keys.Order())}")
        : Priority is < 0 or > JobType.LastPriority ? new("priority", $"must be from 0 to {JobType.LastPriority}")
        : JitterMs is < 0 or > LongestJitter ? new("jitter_ms", $"must be from 0 to {LongestJitter}")
        : Missed is not null && !MissedRuns.All.Contains(Missed) ? new("missed", $"must be one of {string.Join(", ", MissedRuns.All)}")
        : null;
}
