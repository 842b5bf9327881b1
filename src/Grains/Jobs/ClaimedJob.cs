namespace Bayou.Jobs;

/// <summary>A job as its worker holds it.</summary>
/// <param name="Fence">Of this handing out: whatever is said of the job under an older one is void.</param>
/// <param name="Attempt">1 for the first.</param>
/// <param name="Waited">Since it was due.</param>
internal sealed record ClaimedJob(
    int Project, long Id, string Type, string Queue, string Payload, int Fence, int Attempt, int MaxAttempts, string? TraceId, string CreatedBy,
    TimeSpan Waited);

/// <summary>A job that a worker has as the database knows it.</summary>
internal readonly record struct HeldJob(int Project, long Id, int Fence, bool IsCancelled)
{
    /// <summary>As far as it must be known to hand it back.</summary>
    public ClaimedJob ToClaimed() => new(Project, Id, "", "", "{}", Fence, 1, 1, null, "", TimeSpan.Zero);
}
