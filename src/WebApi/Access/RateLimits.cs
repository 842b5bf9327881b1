using System.Collections.Concurrent;

namespace Bayou.Access;

/// <summary>What is left of a rate.</summary>
/// <param name="IsAllowed">One more was.</param>
/// <param name="Left">As far as this node knows.</param>
/// <param name="Seconds">Until the minute is over.</param>
internal readonly record struct RateLeft(bool IsAllowed, int Limit, int Left, int Seconds);

/// <summary>
/// Limits what is done in a minute, by all nodes together. A node takes parts of the rate in advance from a grain, and lets through what comes while it asks,
/// up to the whole rate; what that is too much it tells the next time. Where the grain cannot be asked it goes on with as much as it was given in the minute
/// before.
/// </summary>
internal sealed partial class RateLimits(Func<string, IRateLeaseGrain> grainOf, TimeProvider time, ILogger<RateLimits> logger)
{
    private const int Parts = 20; // of a rate, that are asked for at least
    private const int MostBuckets = 10_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, Bucket> _buckets = new(StringComparer.Ordinal);

    /// <summary>Takes one.</summary>
    /// <param name="of">What is limited.</param>
    /// <param name="limit">In a minute; above 0.</param>
    public RateLeft Take(string of, int limit)
    {
        if (_buckets.Count > MostBuckets)
        {
            _buckets.Clear();
        }

        var bucket = _buckets.GetOrAdd(of, _ => new());
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var minute = now / 60;
        var part = Math.Max(1, limit / Parts);
        lock (bucket)
        {
            if (bucket.Minute != minute)
            {
                (bucket.Before, bucket.Minute) = (bucket.Minute == minute - 1 ? bucket.Given : limit, minute);
                (bucket.Given, bucket.Done, bucket.IsSpent, bucket.IsAsking) = (0, 0, false, false);
            }

            if (!bucket.IsAsking && !bucket.IsSpent && bucket.Given - bucket.Done <= part / 2)
            {
                bucket.IsAsking = true;
                _ = AskAsync(bucket, of, minute, Math.Max(0, bucket.Done - bucket.Given), Math.Max(part, bucket.Done / 2), limit);
            }

            var isAllowed = bucket.Done < (bucket.IsAsking ? limit : bucket.Given);
            bucket.Done += isAllowed ? 1 : 0;
            return new(isAllowed, limit, Math.Max(0, limit - bucket.Done), (int)(60 - (now % 60)));
        }
    }

    private async Task AskAsync(Bucket bucket, string of, long minute, int done, int wanted, int limit)
    {
        int? given = null;
        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            given = await grainOf(of).TakeAsync(minute, done, wanted, limit, patience.Token).WaitAsync(Patience, time);
        }
        catch (Exception e)
        {
            NotAsked(e);
        }

        lock (bucket)
        {
            if (bucket.Minute != minute)
            {
                return;
            }

            bucket.IsAsking = false;
            bucket.IsSpent = given is null or 0;
            bucket.Given = given is { } more ? bucket.Given + done + more : Math.Max(bucket.Given + done, bucket.Before);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "A rate could not be shared with the other nodes; this one goes on with as much as it was given before")]
    private partial void NotAsked(Exception exception);

    private sealed class Bucket
    {
        public long Minute { get; set; }

        /// <summary>By the grain, in this minute.</summary>
        public int Given { get; set; }

        public int Done { get; set; }

        /// <summary>What it gave in the minute before; the whole rate where that is not known.</summary>
        public int Before { get; set; }

        public bool IsAsking { get; set; }

        /// <summary>There is nothing left in this minute, or nobody to ask.</summary>
        public bool IsSpent { get; set; }
    }
}
