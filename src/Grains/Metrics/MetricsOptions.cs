using System.ComponentModel.DataAnnotations;

namespace Bayou.Metrics;

public sealed class MetricsOptions : IValidatableObject
{
    public const string Section = "Bayou:Metrics";

    /// <summary>Seconds between two flushes of a silo's windows.</summary>
    [Range(1, 60)]
    public int FlushSeconds { get; set; } = 2;

    /// <summary>Most windows in one statement.</summary>
    [Range(1, 100_000)]
    public int FlushBatch { get; set; } = 5_000;

    /// <summary>Days that 60-second windows are kept; older observations are rejected.</summary>
    [Range(1, 365)]
    public int RetentionDays { get; set; } = 8;

    /// <summary>Days that windows of 10 minutes are kept.</summary>
    [Range(1, 3_650)]
    public int TenMinuteRetentionDays { get; set; } = 30;

    /// <summary>Days that windows of an hour are kept.</summary>
    [Range(1, 3_650)]
    public int HourRetentionDays { get; set; } = 90;

    /// <summary>Days that windows of a day are kept.</summary>
    [Range(1, 36_500)]
    public int DayRetentionDays { get; set; } = 730;

    /// <summary>Seconds without a write before a ten-minute window that is over is merged; the same for longer windows.</summary>
    [Range(0, 3_600)]
    public int RollUpAfterSeconds { get; set; } = 10;

    /// <summary>Seconds between two looks for what can be merged: a backfill is read fast soon after its end.</summary>
    [Range(1, 3_600)]
    public int RollUpEverySeconds { get; set; } = 5;

    /// <summary>Endpoints of a project that are counted apart; further ones count into <c>__other__</c>.</summary>
    [Range(1, 100_000)]
    public int MaxEndpoints { get; set; } = 2_000;

    /// <summary>Services of a project that are counted apart; further ones count into the service <c>__other__</c>.</summary>
    [Range(1, 100_000)]
    public int MaxServices { get; set; } = 500;

    /// <summary>How long after its end a window's grain stays for late observations.</summary>
    public TimeSpan LateGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A finer resolution must not be kept longer than a coarser one: late data would be merged from whatever windows are left.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        (string Key, int Days)[] kept =
        [
            (nameof(RetentionDays), RetentionDays), (nameof(TenMinuteRetentionDays), TenMinuteRetentionDays),
            (nameof(HourRetentionDays), HourRetentionDays), (nameof(DayRetentionDays), DayRetentionDays),
        ];
        foreach (var (finer, longer) in kept.Zip(kept.Skip(1)))
        {
            if (longer.Days < finer.Days)
            {
                yield return new($"{Section}:{longer.Key} must be at least {Section}:{finer.Key}, which is {finer.Days}.", [longer.Key]);
            }
        }
    }
}
