using System.ComponentModel.DataAnnotations;

namespace Bayou.Metrics;

public sealed class MetricsOptionsTests
{
    [Fact]
    public void What_longer_windows_are_merged_from_is_kept_no_longer_than_they_are()
    {
        Assert.Empty(ErrorsOf(new()));
        Assert.Empty(ErrorsOf(new() { RetentionDays = 30 }));
        Assert.Equal(
            ["Bayou:Metrics:TenMinuteRetentionDays must be at least Bayou:Metrics:RetentionDays, which is 60."], ErrorsOf(new() { RetentionDays = 60 }));
    }

    private static IEnumerable<string?> ErrorsOf(MetricsOptions options)
    {
        var errors = new List<ValidationResult>();
        Validator.TryValidateObject(options, new(options), errors, validateAllProperties: true);
        return errors.Select(error => error.ErrorMessage);
    }
}
