namespace Bayou.Metrics;

public sealed class WindowFiguresTests
{
    [Fact]
    public void Figures_merge_and_read_back_exactly()
    {
        var (one, two) = (new WindowFigures(), new WindowFigures());
        one.Add(200, 1_500, 10, 20, CountryCode.Of('F', 'R'));
        one.Add(503, 9_000, 1, 2);
        two.Add(200, 700, 100, 200, CountryCode.Of('D', 'E'));
        two.Add(404, 0, 0, 0, CountryCode.Of('F', 'R'));
        one.Merge(WindowFigures.FromBytes(two.ToBytes()));

        Assert.Equal(4, one.Count);
        Assert.Equal(1, one.Errors);
        Assert.Equal([new(200, 2), new(404, 1), new(503, 1)], one.Statuses);
        Assert.Equal([new("DE", 1), new("FR", 2)], one.Countries);
        Assert.Equal((111, 222, 11_200, 9_000), (one.RequestBytes, one.ResponseBytes, one.DurationSumMicros, one.DurationMaxMicros));
        Assert.Equal(one.ToBytes(), WindowFigures.FromBytes(one.ToBytes()).ToBytes());
    }

    [Fact]
    public void An_unknown_format_is_refused_by_its_number()
    {
        Assert.Contains("format 9", Assert.Throws<InvalidDataException>(() => WindowFigures.FromBytes([9, 1, 2])).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => WindowFigures.FromBytes([]));
    }

    [Fact]
    public void The_first_format_stays_readable()
    {
        // Written by the first release; never change these bytes.
        var figures = WindowFigures.FromBytes(Convert.FromHexString("010A14DC0BDC0B01C80101014652010001EE0201"));
        Assert.Equal((1, 10, 20, 1_500), (figures.Count, figures.RequestBytes, figures.ResponseBytes, figures.DurationMaxMicros));
        Assert.Equal([new("FR", 1)], figures.Countries);
        Assert.InRange(figures.Latency.Quantile(0.5), 1_485, 1_515);
    }

    [Fact]
    public void Codes_are_kept_in_order_however_they_come_and_clearing_forgets_all()
    {
        var random = new Random(5);
        var figures = new WindowFigures();
        var expected = new SortedDictionary<int, long>();
        for (var i = 0; i < 2_000; i++)
        {
            var status = random.Next(100, 600);
            figures.Add(status, i, 1, 1, CountryCode.Of('A' + (status % 26), 'A'));
            expected[status] = expected.GetValueOrDefault(status) + 1;
        }

        Assert.Equal(expected, figures.Statuses);
        Assert.Equal(26, figures.Countries.Count());
        Assert.Equal(expected.Where(pair => pair.Key >= 500).Sum(pair => pair.Value), figures.Errors);
        figures.Clear();
        Assert.Equal(new WindowFigures().ToBytes(), figures.ToBytes());
    }

    [Theory]
    [InlineData("2026-01-01T10:00:59.999Z", "2026-01-01T10:00:00Z")]
    [InlineData("2026-01-01T10:01:00.000Z", "2026-01-01T10:01:00Z")]
    [InlineData("1969-12-31T23:59:59Z", "1969-12-31T23:59:00Z")]
    public void A_window_begins_at_the_whole_minute(string time, string start)
    {
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        Assert.Equal(DateTimeOffset.Parse(start, culture).ToUnixTimeSeconds(), WindowKey.StartOf(DateTimeOffset.Parse(time, culture)));
    }

    [Fact]
    public void A_key_reads_back_from_its_text()
    {
        var key = new WindowKey(7, 1_767_225_600);
        Assert.Equal(key, WindowKey.Parse(key.ToString()));
        Assert.Throws<FormatException>(() => WindowKey.Parse("7"));
    }
}
