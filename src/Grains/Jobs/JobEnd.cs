using System.Text.Json;

namespace Bayou.Jobs;

/// <summary>How a job is left by its worker.</summary>
/// <param name="Status">Of one that ended; null where it is tried again or handed back.</param>
/// <param name="Delay">Before it is tried again; null where it is handed back, as if it had never been taken.</param>
/// <param name="Result">JSON; null for none.</param>
/// <param name="Try">JSON of an attempt that did not succeed; null for one that did.</param>
/// <param name="Ran">For how long.</param>
internal sealed record JobEnd(
    ClaimedJob Job, string? Status, TimeSpan? Delay, string? Result, string? Error, string? ErrorPattern, string? Try, TimeSpan Ran)
{
    /// <summary>Whether it ended itself, in a transaction of its own.</summary>
    public bool IsCompleted { get; init; }

    private const int LongestError = 2_000; // characters
    private const int LongestStack = 8_000;
    private const int LongestResult = 256 * 1024; // characters of JSON

    /// <summary>Whether there is nothing left in it that could not be.</summary>
    public bool IsPlain => Error == NotStored;

    private const string NotStored = "What it came to could not be stored.";

    public static JobEnd Succeeded(ClaimedJob job, object? result, TimeSpan ran) =>
        new(job, JobStatus.Succeeded, null, Written(result), null, null, null, ran);

    /// <summary>Handed back by a worker that ends: the attempt does not count.</summary>
    public static JobEnd HandedBack(ClaimedJob job, TimeSpan ran) => new(job, null, null, null, null, null, null, ran);

    public static JobEnd Cancelled(ClaimedJob job, FailedTry failed, TimeSpan ran) =>
        new(job, JobStatus.Cancelled, null, null, failed.Error, null, JsonSerializer.Serialize(failed, JobHandler.Json), ran);

    /// <param name="retryIn">Null when it was the last attempt.</param>
    public static JobEnd Failed(ClaimedJob job, FailedTry failed, TimeSpan? retryIn, object? result, TimeSpan ran) => new(
        job, retryIn is null ? JobStatus.Dead : null, retryIn, Written(result), failed.Error, JobErrors.Pattern(failed.Error),
        JsonSerializer.Serialize(failed, JobHandler.Json), ran);

    /// <summary>The same without what could not be stored.</summary>
    public JobEnd Plain() => this with
    {
        Result = null, Try = null, Error = NotStored, ErrorPattern = NotStored,
    };

    /// <summary>A text that PostgreSQL can hold, and not without end.</summary>
    public static string Cut(string text, int longest)
    {
        var clean = text.Replace('\0', '\uFFFD');
        clean = clean.Any(char.IsSurrogate) ? string.Concat(clean.EnumerateRunes()) : clean; // Half a pair becomes U+FFFD.
        return clean.Length <= longest ? clean : string.Concat(clean.AsSpan(0, char.IsHighSurrogate(clean[longest - 1]) ? longest - 1 : longest), "…");
    }

    /// <summary>An attempt that did not succeed.</summary>
    /// <param name="Node">Where it ran.</param>
    internal sealed record FailedTry(int Attempt, string Node, DateTime StartedAt, DateTime FinishedAt, string Error, string? Stack, string? Detail = null)
    {
        public static FailedTry Of(ClaimedJob job, string node, DateTimeOffset now, TimeSpan ran, string error, Exception? exception) => new(
            job.Attempt, node, (now - ran).UtcDateTime, now.UtcDateTime, Cut(error, LongestError),
            exception is null or JobException { InnerException: null } ? null : Cut(exception.ToString(), LongestStack),
            exception is JobException { Detail: { Length: > 0 } detail } ? Cut(detail, LongestError) : null);
    }

    private static string? Written(object? result)
    {
        if (result is null)
        {
            return null;
        }

        var json = JsonSerializer.Serialize(result, JobHandler.Json).Replace("\\u0000", "\\uFFFD", StringComparison.Ordinal);
        return json.Length <= LongestResult ? json : JsonSerializer.Serialize(new { cut = Cut(json, LongestResult / 2) }, JobHandler.Json);
    }
}
