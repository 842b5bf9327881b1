using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>What a job that runs is told, and may say.</summary>
internal sealed class JobContext(ClaimedJob job, long worker, ILogger logger)
{
    private double? _progress;
    private string? _note;
    private bool _isTold = true;

    public long Id => job.Id;

    /// <summary>0 for Bayou's own.</summary>
    public int Project => job.Project;

    /// <summary>1 for the first.</summary>
    public int Attempt => job.Attempt;

    /// <summary>Grows each time the job is handed out: what it calls may refuse whoever comes with a smaller one.</summary>
    public int Fence => job.Fence;

    /// <summary>Its lines carry the job's id.</summary>
    public ILogger Logger => logger;

    /// <summary>Whether it ended by <see cref="CompleteAsync"/>.</summary>
    public bool IsCompleted { get; private set; }

    /// <summary>Says how far it is; shown within a second or so.</summary>
    /// <param name="progress">0 to 1.</param>
    public void Report(double progress, string? note = null)
    {
        lock (job)
        {
            (_progress, _note, _isTold) = (Math.Clamp(progress, 0, 1), note is null ? null : JobEnd.Cut(note, 200), false);
        }
    }

    /// <summary>
    /// Ends the job within a transaction of its own: when that commits, what it did has happened once, and the job has succeeded; when it does not, neither.
    /// What a job does otherwise may happen again, when its worker is lost before it could say that it was done.
    /// </summary>
    /// <exception cref="JobLostException">The job is another worker's by now; the transaction must not be committed.</exception>
    public async Task CompleteAsync(NpgsqlConnection connection, object? result = null, CancellationToken ct = default)
    {
        await JobEnds.EndWithAsync(connection, worker, JobEnd.Succeeded(job, result, TimeSpan.Zero), ct);
        IsCompleted = true;
    }

    /// <returns>How far it is, where that was said since the last call.</returns>
    public (double Progress, string? Note)? TakeReport()
    {
        lock (job)
        {
            if (_isTold)
            {
                return null;
            }

            _isTold = true;
            return (_progress!.Value, _note);
        }
    }
}
