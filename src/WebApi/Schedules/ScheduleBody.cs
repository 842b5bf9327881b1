using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bayou.Http;
using Bayou.Jobs;

namespace Bayou.Schedules;

/// <summary>A schedule to be, or what changes of one.</summary>
internal sealed record ScheduleBody(
    [property: Description("Its own in the project.")] string? Name,
    [property: Description("Of the job, one of GET /worker/types.")] string? Type,
    [property: Description("As the type's schema has it.")] JsonElement? Payload,
    [property: Description("The type's own unless told.")] string? Queue,
    [property: Description("0 goes first, 3 last; the type's own unless told.")] int? Priority,
    [property: Description("Minute, hour, day, month, weekday; six fields with seconds first; or @daily and the like. One of this and the next two.")]
    string? Cron,
    [property: Description("Seconds from one run to the next, counted from when it was made.")] int? EverySeconds,
    [property: Description("Runs once, then.")] DateTimeOffset? OnceAt,
    [property: Description("IANA's name of the zone that cron is in; UTC unless told.")] string? TimeZone,
    [property: Description("true unless told.")] bool? Enabled,
    [property: Description("Each run is put off by a random time up to so many milliseconds.")] int? JitterMs,
    [property: Description("Of runs that nobody was there for: run_once makes up for all by one (unless told), skip, run_all (the last 100).")]
    string? Missed,
    [property: Description("Whether a run may begin before the one before it has ended; else it is skipped. false unless told.")] bool? Overlap) : IBody
{
    private const int LongestName = 100;
    private const int LongestJitter = 86_400_000; // milliseconds

    /// <summary>Whether it says when.</summary>
    [JsonIgnore]
    public bool HasTimes => Cron is not null || EverySeconds is not null || OnceAt is not null || TimeZone is not null;

    /// <param name="types">Null where the type is not to change.</param>
    /// <returns>What of it does not fit, times aside.</returns>
    public FieldError? Check(JobTypes types, JobsOptions options, string type, bool isSystem) =>
        types.Find(type) is not { } handler || handler.Type.IsSystem != isSystem
            ? new("type", $"must be one of {string.Join(", ", types.All.Where(one => one.Type.IsSystem == isSystem).Select(one => one.Type.Name))}")
        : Name is not null && (string.IsNullOrWhiteSpace(Name) || Name.Length > LongestName || Name.Contains('\0', StringComparison.Ordinal))
            ? new("name", $"must be a text of 1 to {LongestName} characters")
        : Payload is { } payload && handler.Check(payload.GetRawText()) is var (field, message) ? new(field, message)
        : options.QueueError(Queue, handler.Type) is { } unknown ? new("queue", unknown)
        : Priority is < 0 or > JobType.LastPriority ? new("priority", $"must be from 0 to {JobType.LastPriority}")
        : JitterMs is < 0 or > LongestJitter ? new("jitter_ms", $"must be from 0 to {LongestJitter}")
        : Missed is not null && !MissedRuns.All.Contains(Missed) ? new("missed", $"must be one of {string.Join(", ", MissedRuns.All)}")
        : null;
}
