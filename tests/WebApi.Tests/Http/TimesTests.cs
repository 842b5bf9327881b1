using System.Globalization;
using System.Text;

namespace Bayou.Http;

public sealed class TimesTests
{
    /// <summary>What was before a minute's end counts before it.</summary>
    [Theory]
    [InlineData("2026-03-04T11:59:59.99999999Z", "2026-03-04T11:59:59.9999999Z")]
    [InlineData("2026-03-04T11:59:59.999999999999999999Z", "2026-03-04T11:59:59.9999999Z")]
    [InlineData("2026-03-04T12:59:59.9999999999+01:00", "2026-03-04T11:59:59.9999999Z")]
    [InlineData("2026-03-04T11:59:59,123456789Z", "2026-03-04T11:59:59.1234567Z")]
    [InlineData("2026-12-31T23:59:60Z", "2026-12-31T23:59:59.0000000Z")]
    [InlineData("2026-12-31T23:59:60.75Z", "2026-12-31T23:59:59.7500000Z")]
    [InlineData("2027-01-01T00:59:60+01:00", "2026-12-31T23:59:59.0000000Z")]
    public void Decimals_are_cut_and_a_leap_second_is_the_one_before(string text, string expected)
    {
        Assert.True(Times.TryParse(text, out var time));
        Assert.Equal(expected, time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        if (Times.TryParsePlain(Encoding.UTF8.GetBytes(text), out var plain))
        {
            Assert.Equal(time.UtcDateTime, plain);
        }
    }

    [Theory]
    [InlineData("2026-03-04T11:59:61Z")]
    [InlineData("2026-03-04T11:60:00Z")]
    [InlineData("2026-03-04T11:59:59.Z")]
    [InlineData("2026-03-04T11:59:59.99999999")]
    public void What_is_no_time_is_none(string text)
    {
        Assert.False(Times.TryParse(text, out _));
        Assert.False(Times.TryParsePlain(Encoding.UTF8.GetBytes(text), out _));
    }
}
