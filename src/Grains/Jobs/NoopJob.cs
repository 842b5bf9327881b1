using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Bayou.Jobs;

/// <summary>Of jobs that need to be told nothing.</summary>
internal sealed record NoPayload;

/// <summary>What a job that does nothing is told.</summary>
internal sealed record NoopPayload
{
    [Description("For how many milliseconds it does that.")]
    [Range(0, 300_000, ErrorMessage = "must be from 0 to 300000")]
    public int Ms { get; init; }

    [Description("What it fails with, each time; nothing where it succeeds.")]
    [StringLength(500, ErrorMessage = "must have 500 characters at most")]
    public string? Error { get; init; }
}

/// <summary>Does nothing, to try what jobs do.</summary>
internal sealed class NoopJob(TimeProvider time) : IJob<NoopPayload>
{
    private const int Steps = 20;

    public static JobType Type { get; } = new("noop", "Does nothing for a while, or fails: to try what jobs do.");

    public async Task<object?> RunAsync(NoopPayload payload, JobContext job, CancellationToken ct)
    {
        for (var step = 1; payload.Ms > 0 && step <= Steps; step++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds((double)payload.Ms / Steps), time, ct);
            job.Report((double)step / Steps, $"step {step} of {Steps}");
        }

        return payload.Error is { Length: > 0 } error ? throw new JobException(error) : null;
    }
}
