using System.ComponentModel.DataAnnotations;

namespace Bayou.Jobs;

public sealed class JobsOptions : IValidatableObject
{
    public const string Section = "Bayou:Jobs";

    private const int MostQueues = 50;
    private const int MostAtOnce = 1_000;

    /// <summary>Queues, and how many jobs of each a silo runs at once. All nodes must know the same.</summary>
    public Dictionary<string, int> Queues { get; set; } = new() { [JobType.DefaultQueue] = 16, [JobType.SystemQueue] = 4, [JobType.HttpQueue] = 32 };

    /// <summary>After so long without a heartbeat a worker is lost, and what it ran is given to others.</summary>
    [Range(2, 600)]
    public int LeaseSeconds { get; set; } = 15;

    /// <summary>For which a process that ends waits for its jobs, before it hands them back.</summary>
    [Range(0, 600)]
    public int StopSeconds { get; set; } = 5;

    /// <summary>For which jobs that succeeded or were cancelled are kept.</summary>
    [Range(1, 365)]
    public int RetentionDays { get; set; } = 14;

    /// <summary>For which dead jobs are kept.</summary>
    [Range(1, 3_650)]
    public int DeadRetentionDays { get; set; } = 90;

    /// <summary>Jobs that may wait on the whole server; beyond, no more are taken.</summary>
    [Range(1_000, 1_000_000_000)]
    public long MaxWaiting { get; set; } = 50_000_000;

    /// <returns>Why jobs of a type cannot be in a queue; null where they can, or none is named.</returns>
    internal string? QueueError(string? queue, JobType type)
    {
        // What a project has run must not keep Bayou's own work waiting.
        var known = Queues.Keys.Where(name => type.IsSystem || name != JobType.SystemQueue).Order(StringComparer.Ordinal).ToList();
        return queue is null || known.Contains(queue) ? null : $"must be one of {string.Join(", ", known)}";
    }

    public TimeSpan Lease => TimeSpan.FromSeconds(LeaseSeconds);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Queues.Count is 0 or > MostQueues)
        {
            yield return new($"{Section}:{nameof(Queues)} must have 1 to {MostQueues} queues.");
        }

        foreach (var (name, atOnce) in Queues.Where(queue => queue.Value is < 0 or > MostAtOnce || !IsName(queue.Key)))
        {
            yield return new(
                $"{Section}:{nameof(Queues)}:{name} is {atOnce}; a queue has a name of 1 to 40 of a-z, 0-9, . _ -, and runs 0 to {MostAtOnce} at once.");
        }
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= 40 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '_' or '-');
}
