using System.ComponentModel;
using System.Text.Json;
using Bayou.Http;

namespace Bayou.Jobs;

/// <summary>How long no other job of the same key is taken.</summary>
internal sealed record UniqueBody(
    [property: Description("By which it is the same as another.")] string? Key,
    [property: Description("Until it starts (start), ends (end, unless told), or a time is over (expiry).")] string? Until,
    [property: Description("Milliseconds, with until=expiry.")] long? ForMs) : IBody;

/// <summary>A job to be.</summary>
internal sealed record JobBody(
    [property: Description("One of GET /worker/types.")] string? Type,
    [property: Description("As the type's schema has it; up to 64 KiB of JSON.")] JsonElement? Payload,
    [property: Description("The type's own unless told.")] string? Queue,
    [property: Description("0 goes first, 3 last; the type's own unless told.")] int? Priority,
    [property: Description("1 to 100; the type's own unless told. A job whose worker is lost is given to another beyond that, up to three times.")]
    int? MaxAttempts,
    [property: Description("Milliseconds before it may run.")] long? DelayMs,
    [property: Description("From when it may run; now unless told.")] DateTimeOffset? RunAt,
    [property: Description("So that no other like it is taken meanwhile: the answer is then that one's id.")] UniqueBody? Unique,
    [property: Description("Ids of jobs that must succeed before; while one of them is dead it waits for that to be tried again.")]
    IReadOnlyList<long>? After,
    [property: Description("Whether those before it may also be dead or cancelled: false, and true for then, unless told.")] bool? AfterAnyEnd) : IBody
{
    private const int LongestPayload = 64 * 1024; // bytes of JSON
    private const int LongestKey = 255;
    private const int MostAttempts = 100;
    private const int MostAfter = 1_000;
    private const long LongestDelay = 366L * 86_400_000; // milliseconds

    /// <summary>What PostgreSQL alone finds in a payload.</summary>
    public static FieldError Unstorable { get; } =
        new("payload", "has what cannot be stored: NUL, half a surrogate pair, or a number beyond all bounds");

    /// <summary>The job that it asks for.</summary>
    /// <param name="maySystem">Whether the caller may ask for Bayou's own.</param>
    /// <returns>Or what of it does not fit.</returns>
    public (NewJob? Job, FieldError? Wrong) Read(
        JobTypes types, JobsOptions options, int project, bool maySystem, string by, string traceId, DateTimeOffset now)
    {
        if (Type is null || types.Find(Type) is not { } handler || (handler.Type.IsSystem && !maySystem))
        {
            var known = types.All.Where(one => maySystem || !one.Type.IsSystem).Select(one => one.Type.Name);
            return (null, new("type", $"must be one of {string.Join(", ", known)}"));
        }

        var payload = Payload is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } given ? given.GetRawText() : "{}";
        var wrong = payload.Length > LongestPayload ? new("payload", $"must be at most {LongestPayload / 1024} KiB of JSON")
            : handler.Check(payload) is var (field, message) ? new(field, message)
            : options.QueueError(Queue, handler.Type) is { } unknown ? new("queue", unknown)
            : Priority is < 0 or > JobType.LastPriority ? new("priority", $"must be from 0 to {JobType.LastPriority}")
            : MaxAttempts is < 1 or > MostAttempts ? new("max_attempts", $"must be from 1 to {MostAttempts}")
            : DelayMs is < 0 or > LongestDelay ? new("delay_ms", $"must be from 0 to {LongestDelay}")
            : RunAt is not null && DelayMs is not null ? new("run_at", "does not go with delay_ms")
            : RunAt is { Year: < 1970 or > 9000 } ? new("run_at", "must be a time that comes")
            : After?.Count > MostAfter ? new("after", $"must have at most {MostAfter} jobs")
            : UniqueError();
        return wrong is not null ? (null, wrong) : (new(handler.Type.IsSystem ? JobScope.System : project, handler.Type, payload, by)
        {
            Queue = Queue, Priority = Priority, MaxAttempts = MaxAttempts, RunAt = RunAt > now ? RunAt.Value.UtcDateTime : null,
            Delay = TimeSpan.FromMilliseconds(DelayMs ?? 0),
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
        : Unique.Key.StartsWith("schedule:", StringComparison.Ordinal) ? new("unique.key", "must not begin with schedule:, as those of schedules do")
        : Unique.Until is not (null or "start" or "end" or "expiry") ? new("unique.until", "must be start, end or expiry")
        : (Unique.Until == "expiry") != Unique.ForMs is not null ? new("unique.for_ms", "must be given with until=expiry, and only with it")
        : Unique.ForMs is < 1 or > LongestDelay ? new("unique.for_ms", $"must be from 1 to {LongestDelay}")
        : null;
}

/// <summary>Jobs that come together, and one that runs when all of them are done.</summary>
/// <param name="Then">Unless it says otherwise, it runs however they end.</param>
internal sealed record JobsBody(IReadOnlyList<JobBody>? Jobs, JobBody? Then) : IBody;
