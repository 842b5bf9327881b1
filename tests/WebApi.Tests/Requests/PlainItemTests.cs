using System.Globalization;
using System.Text;
using Bayou.Geo;

namespace Bayou.Requests;

/// <summary>The short way of reading an item gives what the long way does, or leaves it to that.</summary>
public sealed class PlainItemTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Oldest = Now.AddDays(-8);
    private static readonly GeoDatabase Geo = GeoFiles.None();

    [Theory]
    [InlineData("""{"service":"s","method":"GET","route":"/a/{id}","status":200,"duration_ms":12.5,"time":"""
        + """1772625600000,"request_size":3,"response_size":40,"country":"fr","trace_id":"abc-1","version":"1.2"}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":1772625600000,"client_address":"2001:db8::1"}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":1772625600000,"client_address":null}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":1772625600000,"country":"de","client_address":"192.0.2.1"}""")]
    [InlineData("""{"service": "s", "method": "get", "route": "a/", "status": 599, "duration_ms": 0, "time": "2026-03-04T11:59:59Z"}""")]
    [InlineData("""{"time":"2026-03-04T11:59:59.1234567Z","duration_ms":86400000,"status":"""
        + """100,"route":"/","method":"X-Y","service":"ä","country":null,"request_size":null,"version":null,"trace_id":null}""")]
    public void What_nearly_all_senders_write_is_plain(string json) => AssertSame(json, mustBePlain: true);

    [Theory]
    [InlineData("""{"service":"s\u0041","method":"GET","route":"/","status":200,"duration_ms":1,"time":1772625600000}""")]
    [InlineData("""{"service":"s","method":"GET","path":"/users/17","status":200,"duration_ms":1,"time":1772625600000}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1e2,"time":1772625600000}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":0.12345678901234567,"time":1772625600000}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":"2026-03-04T12:59:59+01:00"}""")]
    [InlineData("{\"service\":\"s\",\t\"method\":\"GET\",\"route\":\"/\",\"status\":200,\"duration_ms\":1,\"time\":1772625600000}")]
    public void Whatever_else_is_right_is_left_to_the_long_way(string json) => AssertSame(json, mustBePlain: false);

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":1772625600000}x""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":1772625600000,}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1}""")]
    [InlineData("""{"service":"s","service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":1772625600000}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":99,"duration_ms":1,"time":1772625600000}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":0200,"duration_ms":1,"time":1772625600000}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":-1,"time":1772625600000}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1.,"time":1772625600000}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":86400000.1,"time":1772625600000}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":"2026-02-30T12:00:00Z"}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":1}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":9999999999999}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":1772625600000,"country":"F1X"}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":1772625600000,"country":"1F"}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":1772625600000,"request_size":1099511627777}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":1772625600000,"trace_id":""}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":1772625600000,"version":""}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":1772625600000,"colour":"red"}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":1772625600000,"client_address":"192.0.2.1:80"}""")]
    [InlineData("""{"service":"s","method":"GET","route":"/","status":200,"duration_ms":1,"time":1772625600000,"client_address":""}""")]
    public void Whatever_is_wrong_is_left_to_the_long_way_which_says_so(string json)
    {
        Assert.False(PlainItem.TryRead(Encoding.UTF8.GetBytes(json), Oldest.UtcDateTime, Now.UtcDateTime, out _));
        var reader = new ObservationReader(Oldest, Now, Geo);
        Assert.True(reader.Read(Encoding.UTF8.GetBytes(json)) is not null || reader.Warnings.Count == 1);
    }

    [Fact]
    public void Random_numbers_and_times_mean_the_same_both_ways()
    {
        var random = new Random(8);
        var culture = CultureInfo.InvariantCulture;
        var plain = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var duration = Math.Round(Math.Exp(random.NextDouble() * 18), random.Next(0, 8)).ToString("0.#######", culture);
            var time = Now.AddTicks(-random.NextInt64(0, TimeSpan.TicksPerDay));
            var text = random.Next(3) switch
            {
                0 => time.ToUnixTimeMilliseconds().ToString(culture),
                1 => time.ToString("\"\\\"\"yyyy-MM-dd'T'HH:mm:ss'Z'\"\\\"\"", culture),
                _ => time.UtcDateTime.ToString("'\"'yyyy-MM-dd'T'HH:mm:ss." + new string('f', random.Next(1, 8)) + "'Z\"'", culture),
            };
            var status = random.Next(100, 600);
            var size = random.NextInt64(0, 1L << 40);
            var item = $$"""
                {"service":"s","method":"GET","route":"/","status":{{status}},"duration_ms":{{duration}},"time":{{text}},"response_size":{{size}}}
                """;
            plain += AssertSame(item, mustBePlain: false) ? 1 : 0;
        }

        Assert.InRange(plain, 19_000, 20_000); // The short way is of use where nearly all take it.
    }

    /// <returns>Whether it was plain.</returns>
    private static bool AssertSame(string json, bool mustBePlain)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var reader = new ObservationReader(Oldest, Now, Geo);
        var error = reader.Read(bytes);
        Assert.True(error is null, $"{json}: {error}");
        if (!PlainItem.TryRead(bytes, Oldest.UtcDateTime, Now.UtcDateTime, out var plain))
        {
            Assert.False(mustBePlain, json);
            return false;
        }

        var endpoint = $"{Encoding.UTF8.GetString(plain.Method).ToUpperInvariant()} {RouteTemplates.Normalize(Encoding.UTF8.GetString(plain.Route))}";
        plain.Locate(Geo);
        var version = plain.Version.IsEmpty ? null : Encoding.UTF8.GetString(plain.Version);
        Assert.Equal(reader.Value,
            new(Encoding.UTF8.GetString(plain.Service), endpoint, plain.Status, plain.DurationMicros, plain.Time, plain.RequestBytes, plain.ResponseBytes,
            plain.Country, version));
        return true;
    }
}
