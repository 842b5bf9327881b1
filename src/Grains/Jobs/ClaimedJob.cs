namespace Bayou.Jobs;

/// <summary>A job as its worker holds it.</summary>
/// <param name="Fence">Of this handing out: whatever is said of the job under an older one is void.</param>
/// <param name="Attempt">1 for the first.</param>
/// <param name="Waited">Since it was due.</param>
internal sealed record ClaimedJob(
    int Project, long Id, string Type, string Queue, string Payload, int Fence, int Attempt, int MaxAttempts, string? TraceId, string CreatedBy,
    TimeSpan Waited);
