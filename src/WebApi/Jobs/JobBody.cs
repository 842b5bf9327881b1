using System.Text.Json;
using Bayou.Http;

namespace Bayou.Jobs;

/// <summary>How long no other job of the same key is taken.</summary>
/// <param name="Until"><c>start</c>, <c>end</c> (unless told), or <c>expiry</c>.</param>
/// <param name="ForMs">With <c>expiry</c>.</param>
internal sealed record UniqueBody(string? Key, string? Until, long? ForMs) : IBody;

/// <summary>A job to be.</summary>
/// <param name="DelayMs">Before it may run.</param>
/// <param name="RunAt">From when it may run; else now.</param>
/// <param name="Priority">0 goes first, 3 last.</param>
/// <param name="After">Jobs that must end before.</param>
/// <param name="AfterAnyEnd">Whether those may also have failed for good, or been cancelled; else they must succeed.</param>
internal sealed record JobBody(
    string? Type, JsonElement? Payload, string? Queue, int? Priority, int? MaxAttempts, long? DelayMs, DateTimeOffset? RunAt, UniqueBody? Unique,
    IReadOnlyList<long>? After, bool? AfterAnyEnd) : IBody
{
    private const int LongestPayload = 64 * 1024; // bytes of JSON
    private const int LongestKey = 255;
    private const int MostAttempts = 100;
    private const int MostAfter = 1_000;
    private const long LongestDelay = 366L * 86_400_000; // milliseconds

    /// <summary>The job that it asks for.</summary>
    /// <param name="maySystem">Whether the caller may ask for Bayou's own.</param>
    /// <returns>Or what of it does not fit.</returns>
    public (NewJob? Job, FieldError? Wrong) Read(JobTypes types, JobsOptions options, int project, bool maySystem, string by, string traceId)
    {
        if (Type is null || types.Find(Type) is not { } handler || (handler.Type.IsSystem && !maySystem))
        {
            var known = types.All.Where(one => maySystem || !one.Type.IsSystem).Select(one => one.Type.Name);
            return (null, new("type", $"must be one of {string.Join(", ", known)}"));
        }

        var payload = Payload is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } given ? given.GetRawText() : "{}";
        var wrong = payload.Length > LongestPayload ? new("payload", $"must be at most {LongestPayload / 1024} KiB of JSON")
            : handler.Check(payload) is var (field, message) ? new(field, message)
            : Queue is not null && !options.Queues.ContainsKey(Queue) ? new("queue", $"must be one of {string.Join(", ", options.Queues.Keys.Order())}")
            : Priority is < 0 or > JobType.LastPriority ? new("priority", $"must be from 0 to {JobType.LastPriority}")
            : MaxAttempts is < 1 or > MostAttempts ? new("max_attempts", $"must be from 1 to {MostAttempts}")
            : DelayMs is < 0 or > LongestDelay ? new("delay_ms", $"must be from 0 to {LongestDelay}")
            : RunAt is not null && DelayMs is not null ? new("run_at", "does not go with delay_ms")
            : RunAt is { Year: < 1970 or > 9000 } ? new("run_at", "must be a time that comes")
            : After?.Count > MostAfter ? new("after", $"must have at most {MostAfter} jobs")
            : UniqueError();
        return wrong is not null ? (null, wrong) : (new(handler.Type.IsSystem ? JobScope.System : project, handler.Type, payload, by)
        {
            Queue = Queue, Priority = Priority, MaxAttempts = MaxAttempts, RunAt = RunAt?.UtcDateTime, Delay = TimeSpan.FromMilliseconds(DelayMs ?? 0),
            TraceId = traceId, After = After ?? [], AfterAnyEnd = AfterAnyEnd ?? false, UniqueKey = Unique?.Key, UniqueUntil = UniqueUntil,
            UniqueFor = TimeSpan.FromMilliseconds(Unique?.ForMs ?? 0),
        }, null);
    }

    private UniqueUntil UniqueUntil => Unique is null ? UniqueUntil.Never : Unique.Until switch
    {
        "start" => UniqueUntil.Starts,
        "expiry" => UniqueUntil.Expires,
        _ => UniqueUntil.Ends,
    };

    private FieldError? UniqueError() =>
        Unique is null ? null
        : Unique.Key is not { Length: > 0 and <= LongestKey } || Unique.Key.Contains('\0', StringComparison.Ordinal)
            ? new("unique.key", $"must be a text of 1 to {LongestKey} characters")
        : Unique.Until is not (null or "start" or "end" or "expiry") ? new("unique.until", "must be start, end or expiry")
        : (Unique.Until == "expiry") != Unique.ForMs is not null ? new("unique.for_ms", "must be given with until=expiry, and only with it")
        : Unique.ForMs is < 1 or > LongestDelay ? new("unique.for_ms", $"must be from 1 to {LongestDelay}")
        : null;
}

/// <summary>Jobs that come together, and one that runs when all of them are done.</summary>
/// <param name="Then">Unless it says otherwise, it runs however they end.</param>
internal sealed record JobsBody(IReadOnlyList<JobBody>? Jobs, JobBody? Then) : IBody;
