namespace Bayou.Metrics;

public sealed class WindowPlanTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 15, 10, 37, 0, TimeSpan.Zero);
    private static readonly MetricsOptions Options = new();

    [Fact]
    public void Six_hours_are_minutes_and_tens_at_the_edges_and_hours_between()
    {
        var plan = Plan(new(Now.AddHours(-6), Now), (3_600, Now.AddMinutes(-37)), (600, Now.AddMinutes(-7)));
        Assert.Equal(
            ["60 04:37-04:40", "600 04:40-05:00", "3600 05:00-10:00", "600 10:00-10:30", "60 10:30-10:37"],
            plan.Select(Text));
    }

    [Fact]
    public void What_is_marked_is_read_by_what_is_finer_and_nothing_longer_has_it()
    {
        var day = new DateTimeOffset(2026, 6, 12, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(["86400 00:00-00:00"], Plan(new(day, day.AddDays(2))).Select(Text));
        Assert.Equal(["3600 00:00-05:00", "600 05:00-06:00", "3600 06:00-00:00", "86400 00:00-00:00"],
            Plan(new(day, day.AddDays(2)), (3_600, day.AddHours(5))).Select(Text));
        Assert.Equal(
            ["3600 00:00-05:00", "600 05:00-05:20", "60 05:20-05:30", "600 05:30-06:00", "3600 06:00-00:00", "86400 00:00-00:00"],
            Plan(new(day, day.AddDays(2)), (600, day.AddMinutes(320))).Select(Text));
        Assert.Equal(["3600 00:00-00:00", "86400 00:00-00:00"], Plan(new(day, day.AddDays(2)), (86_400, day)).Select(Text));
    }

    [Fact]
    public void What_has_just_become_too_old_is_still_read_by_what_is_marked()
    {
        var edge = Resolution.Hour.StartOf(Now - Resolution.Minute.Retention(Options));
        Assert.Equal(["60 10:00-10:10", "600 10:10-11:00"], Plan(new(edge, edge.AddHours(1)), (600, edge)).Select(Text));
    }

    [Fact]
    public void What_is_no_longer_kept_is_read_from_what_is()
    {
        var old = Now.AddDays(-20);
        Assert.Equal(["600 10:40-11:40"], Plan(new(old, old.AddHours(1)), longest: 60).Select(Text));
        Assert.Equal(["86400 00:00-00:00"], Plan(new(Now.AddDays(-300), Now.AddDays(-290)), longest: 60).Select(Text));
        Assert.Empty(Plan(new(Now.AddDays(-300), Now.AddDays(-300).AddHours(2))));
        Assert.Equal(3,
            Plan(new(DateTimeOffset.MinValue, Now)).Select(segment => segment.Resolution).Distinct().Count(resolution => resolution != Resolution.TenMinutes));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Segments_lie_side_by_side_fit_the_answer_and_hold_nothing_marked(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 500; i++)
        {
            var start = Now.AddSeconds(-random.Next(60, 8 * 86_400));
            var range = new TimeRange(start, start.AddSeconds(random.Next(60, (int)Math.Max(61, Math.Min(4 * 86_400, (Now - start).TotalSeconds)))));
            (int Seconds, DateTimeOffset Start)[] marks =
            [
                .. Enumerable.Range(0, random.Next(6)).Select(_ => (600, Resolution.TenMinutes.StartOf(start.AddHours(random.NextDouble() * 96)))),
                .. Enumerable.Range(0, random.Next(6)).Select(_ => (3_600, Resolution.Hour.StartOf(start.AddHours(random.Next(96))))),
                .. Enumerable.Range(0, random.Next(3)).Select(_ => (86_400, Resolution.Day.StartOf(start.AddHours(random.Next(96))))),
            ];
            var longest = Resolution.All[random.Next(4)].Seconds;
            var plan = WindowPlan.Of(range, longest, marks.ToHashSet(), Now, Options);

            Assert.Equal(Resolution.Minute.StartOf(range.Start.AddSeconds(59)), plan[0].Start);
            Assert.True(plan[^1].End >= range.End && plan[^1].End < range.End.AddMinutes(1));
            Assert.All(plan.Zip(plan.Skip(1)), pair => Assert.Equal(pair.First.End, pair.Second.Start));
            Assert.All(plan, segment =>
                Assert.True(segment.Resolution.Seconds <= longest && segment.Resolution.StartOf(segment.Start) == segment.Start
                && segment.Resolution.StartOf(segment.End) == segment.End));
            Assert.All(plan.Where(segment => segment.Resolution != Resolution.Minute), segment => Assert.DoesNotContain(marks, mark =>
                mark.Seconds <= segment.Resolution.Seconds && mark.Start < segment.End && mark.Start.AddSeconds(mark.Seconds) > segment.Start));
        }
    }

    [Theory]
    [InlineData("UTC", 86_400)]
    [InlineData("Europe/Paris", 3_600)]
    [InlineData("Asia/Kolkata", 600)]
    [InlineData("Asia/Kathmandu", 60)]
    public void Days_of_a_zone_take_no_window_that_reaches_over_midnight(string zone, long longest) =>
        Assert.Equal(longest, new WindowGrid(86_400, TimeZoneInfo.FindSystemTimeZoneById(zone)).Longest);

    [Fact]
    public void Shorter_windows_take_what_divides_them()
    {
        Assert.Equal(60, new WindowGrid(900, TimeZoneInfo.Utc).Longest);
        Assert.Equal(600, new WindowGrid(1_800, TimeZoneInfo.Utc).Longest);
        Assert.Equal(3_600, new WindowGrid(21_600, TimeZoneInfo.Utc).Longest);
    }

    private static List<PlannedRange> Plan(TimeRange range, params (int Seconds, DateTimeOffset Start)[] marks) =>
        WindowPlan.Of(range, long.MaxValue, marks.ToHashSet(), Now, Options);

    private static List<PlannedRange> Plan(TimeRange range, long longest) => WindowPlan.Of(range, longest, new HashSet<(int, DateTimeOffset)>(), Now, Options);

    private static string Text(PlannedRange segment) => $"{segment.Resolution.Seconds} {segment.Start:HH:mm}-{segment.End:HH:mm}";
}
