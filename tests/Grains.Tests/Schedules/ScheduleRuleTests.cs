using System.Globalization;

namespace Bayou.Schedules;

public sealed class ScheduleRuleTests
{
    // Both changes of three zones: where clocks are put forward the hour that is left out comes when it ends; where they are put back, a time comes once.
    [Theory]
    [InlineData("30 2 * * *", "Europe/Zurich", "2026-03-28T12:00Z", "2026-03-29T01:00Z 2026-03-30T00:30Z")]
    [InlineData("30 2 * * *", "Europe/Zurich", "2026-10-24T12:00Z", "2026-10-25T00:30Z 2026-10-26T01:30Z")]
    [InlineData("30 2 * * *", "America/New_York", "2026-03-07T12:00Z", "2026-03-08T07:00Z 2026-03-09T06:30Z")]
    [InlineData("30 1 * * *", "America/New_York", "2026-10-31T12:00Z", "2026-11-01T05:30Z 2026-11-02T06:30Z")]
    [InlineData("15 2 * * *", "Australia/Lord_Howe", "2026-10-02T20:00Z", "2026-10-03T15:30Z 2026-10-04T15:15Z")] // by half an hour
    [InlineData("45 1 * * *", "Australia/Lord_Howe", "2026-04-03T20:00Z", "2026-04-04T14:45Z 2026-04-05T15:15Z")]
    [InlineData("*/30 * * * *", "Europe/Zurich", "2026-10-25T00:15Z", "2026-10-25T00:30Z 2026-10-25T01:00Z 2026-10-25T01:30Z 2026-10-25T02:00Z")]
    [InlineData("*/30 * * * *", "Europe/Zurich", "2026-03-29T00:15Z", "2026-03-29T00:30Z 2026-03-29T01:00Z 2026-03-29T01:30Z")]
    [InlineData("@daily", "UTC", "2026-01-01T12:00Z", "2026-01-02T00:00Z 2026-01-03T00:00Z")]
    [InlineData("*/20 * * * * *", "UTC", "2026-01-01T12:00Z", "2026-01-01T12:00:20Z 2026-01-01T12:00:40Z")]
    [InlineData("0 0 29 2 *", "UTC", "2026-01-01T12:00Z", "2028-02-29T00:00Z 2032-02-29T00:00Z")]
    public void Cron_has_its_occurrences(string cron, string zone, string after, string expected)
    {
        var rule = RuleOf(cron, zone);
        var times = expected.Split(' ').Select(Time).ToList();
        Assert.Equal(times, rule.Next(Time(after), times.Count));
    }

    [Theory]
    [InlineData("0 0 30 2 *", "UTC", "cron", "never fires")]
    [InlineData("0 0 31 4 *", "UTC", "cron", "never fires")]
    [InlineData("61 * * * *", "UTC", "cron", "cannot be understood")]
    [InlineData("* * *", "UTC", "cron", "must have five fields")]
    [InlineData("", "UTC", "cron", "must have five fields")]
    [InlineData("@weakly", "UTC", "cron", "cannot be understood")]
    [InlineData("* * * * *", "Europe/Zurch", "time_zone", "must be a time zone of IANA's")]
    [InlineData("* * * * *", "", "time_zone", "must be a time zone of IANA's")]
    public void What_can_have_none_says_why(string cron, string zone, string field, string message)
    {
        var (rule, wrong) = ScheduleRule.Of(cron, null, null, zone, Time("2026-01-01T00:00Z"));
        Assert.Null(rule);
        Assert.Equal(field, wrong!.Value.Field);
        Assert.StartsWith(message, wrong.Value.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Intervals_are_counted_from_the_beginning()
    {
        var (rule, _) = ScheduleRule.Of(null, 90, null, "UTC", Time("2026-01-01T00:00:10Z"));
        Assert.Equal([Time("2026-01-01T00:01:40Z"), Time("2026-01-01T00:03:10Z")], rule!.Next(Time("2026-01-01T00:00:10Z"), 2));
        Assert.Equal("every_seconds", ScheduleRule.Of(null, 0, null, "UTC", default).Wrong!.Value.Field);
        Assert.Equal("cron", ScheduleRule.Of("* * * * *", 60, null, "UTC", default).Wrong!.Value.Field);
        Assert.Equal("cron", ScheduleRule.Of(null, null, null, "UTC", default).Wrong!.Value.Field);
    }

    [Theory]
    [InlineData(MissedRuns.Skip, "12:00:30", "12:00", null, "12:01")]
    [InlineData(MissedRuns.RunOnce, "12:01:30", "12:00 12:01", null, "12:02")]
    [InlineData(MissedRuns.Skip, "12:10:30", "12:09 12:10", "12:08", "12:11")]
    [InlineData(MissedRuns.RunOnce, "12:10:30", "12:09 12:10", "12:08", "12:11")]
    [InlineData(MissedRuns.RunAll, "12:04:30", "12:00 12:01 12:02 12:03 12:04", null, "12:05")]
    public void What_was_missed_is_made_up_for_as_told(string missed, string now, string runs, string? skipped, string next)
    {
        var due = DueRuns.Of(Every("* * * * *", missed, At("12:00")), At(now));
        Assert.Equal(runs.Split(' ').Select(At), due.Occurrences);
        Assert.Equal((skipped is null ? null : At(skipped), At(next)), (due.Skipped, due.Next));
    }

    [Fact]
    public void One_run_makes_up_for_all_that_were_missed_while_nobody_was_there()
    {
        var due = DueRuns.Of(Every("0 * * * *", MissedRuns.RunOnce, At("03:00")), At("12:30"));
        Assert.Equal([At("12:00")], due.Occurrences);
        Assert.Equal(At("11:00"), due.Skipped);
        Assert.Empty(DueRuns.Of(Every("0 * * * *", MissedRuns.Skip, At("03:00")), At("12:30")).Occurrences);
    }

    [Fact]
    public void However_long_nobody_was_there_a_hundred_runs_are_made_up_for_at_most()
    {
        var due = DueRuns.Of(Every("* * * * * *", MissedRuns.RunAll, At("12:00").AddDays(-30)), At("12:00:00"));
        Assert.Equal(100, due.Occurrences.Count);
        Assert.Equal(At("12:00:00"), due.Occurrences[^1]);
        Assert.Equal(At("12:00:01"), due.Next);
    }

    [Fact]
    public void A_clock_that_is_put_back_has_nothing_run_again()
    {
        var schedule = Every("* * * * *", MissedRuns.RunAll, At("12:05"));
        var due = DueRuns.Of(schedule, At("11:00"));
        Assert.Equal((0, null, At("12:05")), (due.Occurrences.Count, due.Skipped, due.Next));
    }

    private static Schedule Every(string cron, string missed, DateTime next) =>
        new(1, 1, "noop", "{}", null, null, RuleOf(cron, "UTC"), false, 0, missed, false, next);

    private static ScheduleRule RuleOf(string cron, string zone) => ScheduleRule.Of(cron, null, null, zone, Time("2026-01-01T00:00Z")).Rule!;

    private static DateTime At(string time) => Time($"2026-05-05T{time}Z");

    private static DateTime Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).UtcDateTime;
}
