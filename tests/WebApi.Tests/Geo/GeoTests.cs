using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Bayou.Access;
using Bayou.Hosting;
using Bayou.Replay;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Bayou.Geo;

/// <summary>Where a request came from: by the platform's headers, by others, by its address.</summary>
public sealed class GeoTests(BayouServer server) : IClassFixture<BayouServer>
{
    [Theory]
    [InlineData("cf-ipcountry=fr;cf-ipcity=Paris;cf-iplatitude=48.85;cf-iplongitude=2.35", "FR//Paris/48.85/2.35/platform")]
    [InlineData("cloudfront-viewer-country=US;cloudfront-viewer-country-region-name=Oregon", "US/Oregon////platform")]
    [InlineData("x-vercel-ip-country=BR;x-vercel-ip-city=S%C3%A3o%20Paulo", "BR//São Paulo///platform")]
    [InlineData("x-appengine-country=jp;x-appengine-citylatlong=35.6,139.6", "JP///35.6/139.6/platform")]
    [InlineData("x-geo-country=DE;x-geo-region=Bavaria;x-geo-lat=48;x-geo-lon=11", "DE/Bavaria//48/11/header")]
    [InlineData("cf-ipcountry=XX;x-geo-country=DE", "DE/////header")]
    [InlineData("cf-ipcountry=T1", "/////none")]
    [InlineData("cf-ipcountry=nowhere;x-geo-lat=1", "/////none")]
    [InlineData("x-geo-country=DE;x-geo-lat=900;x-geo-lon=x", "DE/////header")]
    [InlineData("", "/////none")]
    public async Task Headers_are_read_in_their_order(string headers, string expected)
    {
        var all = string.Join(',', headers.Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(header => $"\"{header.Split('=')[0]}\":\"{header.Split('=')[1]}\""));
        Assert.Equal(expected, await PlaceAsync($"\"headers\":{{{all}}}"));
    }

    [Fact]
    public async Task What_a_sender_says_comes_first() =>
        Assert.Equal("NL/////platform", await PlaceAsync("\"geo_country\":\"nl\",\"geo_source\":\"platform\",\"headers\":{\"cf-ipcountry\":\"FR\"}"));

    [Fact]
    public async Task Addresses_are_never_stored()
    {
        const string Address = "203.0.113.77";
        var (_, row) = await CaptureAsync($$"""
            "client_address":"{{Address}}","headers":{"x-forwarded-for":"{{Address}}, 10.0.0.1","forwarded":"for={{Address}}","cf-connecting-ip":"{{Address}}"}
            """);
        Assert.DoesNotContain(Address, row.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_is_looked_up_and_a_newer_file_is_taken()
    {
        var file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.mmdb");
        try
        {
            await File.WriteAllBytesAsync(file, GeoFiles.Database("FR"), BayouServer.Ct);
            var time = new ManualTime();
            using var geo = new GeoDatabase(GeoFiles.Configuration(file), time, NullLogger<GeoDatabase>.Instance);
            Assert.Equal(("FR", GeoPlace.Ip), (geo.Find(IPAddress.Parse("10.1.2.3"))!.Country, geo.Find(IPAddress.Parse("10.1.2.3"))!.Source));
            Assert.Null(geo.Find(IPAddress.Parse("200.1.2.3")));
            await File.WriteAllBytesAsync(file, GeoFiles.Database("DE"), BayouServer.Ct);
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddMinutes(1));
            Assert.Equal("FR", geo.Find(IPAddress.Parse("10.1.2.3"))!.Country);
            time.Advance(TimeSpan.FromMinutes(2));
            Assert.Equal("DE", geo.Find(IPAddress.Parse("::ffff:10.1.2.3"))!.Country);
            await File.WriteAllTextAsync(file, "no database", BayouServer.Ct);
            time.Advance(TimeSpan.FromMinutes(2));
            Assert.Equal("DE", geo.Find(IPAddress.Parse("10.1.2.3"))!.Country); // The one before goes on.
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Requests_are_of_the_country_of_their_address()
    {
        var file = await GeoFiles.WriteAsync("NO");
        await using var database = await TestDatabase.CreateAsync();
        await using (var located = await BayouServer.StartAsync(database, (GeoDatabase.Key, file)))
        {
            var time = BayouServer.RecentMinute.ToUnixTimeMilliseconds();
            string[] more =
            [
                ",\"client_address\":\"10.1.2.3\"", ",\"client_address\":\"10.9.9.9\"", ",\"client_address\" : \"::ffff:10.1.2.4\",\"response_size\":1e2",
                ",\"client_address\":\"200.1.2.3\"", ",\"client_address\":\"10.1.2.3\",\"country\":\"se\"", "", ",\"client_address\":\"10.1.2.3:80\"",
            ];
            var items = string.Join(',', more.Select(fields =>
                $$"""{"service":"far","method":"GET","route":"/","status":200,"duration_ms":1,"time":{{time}}{{fields}}}"""));
            foreach (var times in (int[])[1, 2])
            {
                var (_, answer) = await located.PostAsync(new StringContent($"[{items}]", Encoding.UTF8, "application/json"));
                Assert.Equal((7, "client_address"), ((int)answer["data"]!["accepted"]!, (string)answer["data"]!["warnings"]!.AsArray()[^1]!["field"]!));
                var countries = await Eventually.SeesAsync(
                    () => located.DataAsync($"/metrics/top?dimension=country"), data => data.AsArray().Sum(row => (int)row!["traffic_count"]!) == 4 * times);
                Assert.Equal(
                    [$"NO {3 * times}", $"SE {times}"],
                    countries.AsArray().Select(row => $"{row!["country"]} {row["traffic_count"]}").Order(StringComparer.Ordinal));
            }
        }

        File.Delete(file);
    }

    [Theory]
    [InlineData(KeptAddress.Truncated, "203.0.113.77", "203.0.113.0/24")]
    [InlineData(KeptAddress.Truncated, "::ffff:203.0.113.77", "203.0.113.0/24")]
    [InlineData(KeptAddress.Truncated, "2001:db8:1:2:3::4", "2001:db8:1::/48")]
    [InlineData(KeptAddress.None, "203.0.113.77", "")]
    public void What_is_kept_of_an_address_can_be_set(KeptAddress kept, string address, string expected) =>
        Assert.Equal(expected, Addresses(kept, 'k').Kept(IPAddress.Parse(address)));

    [Fact]
    public void A_hashed_address_is_the_same_each_time_and_another_by_another_key()
    {
        var (one, other) = (IPAddress.Parse("203.0.113.77"), IPAddress.Parse("203.0.113.78"));
        var hash = Addresses(KeptAddress.Hashed, 'k').Kept(one);
        Assert.Equal(hash, Addresses(KeptAddress.Hashed, 'k').Kept(one.MapToIPv6()));
        Assert.NotEqual(hash, Addresses(KeptAddress.Hashed, 'k').Kept(other));
        Assert.NotEqual(hash, Addresses(KeptAddress.Hashed, 'o').Kept(one));
    }

    [Fact]
    public async Task Requests_of_an_address_are_found_by_what_is_kept()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var keeping = await BayouServer.StartAsync(database, ("Bayou:Replay:ClientAddress", "hashed"), (SecretKey.Name, new string('k', 40)));
        var item = string.Join(',', ((string[])["203.0.113.77", "203.0.113.78", "203.0.113.77"]).Select(address =>
            $$"""{"service":"s","method":"GET","path":"/","status_code":200,"duration":1,"client_address":"{{address}}"}"""));
        await keeping.PostAsync(new StringContent($"[{item}]", Encoding.UTF8, "application/json"), path: "/ingest/v1/snapshots");
        var kept = (string)(await keeping.DataAsync($"/replay")).AsArray()[0]!["client_address"]!;
        Assert.Equal(Addresses(KeptAddress.Hashed, 'k').Kept(IPAddress.Parse("203.0.113.77")), kept);
        Assert.Equal(2, (await keeping.DataAsync($"/replay?client_address={kept}")).AsArray().Count);
    }

    [Fact]
    public async Task Hashes_need_a_key()
    {
        await using var database = await TestDatabase.CreateAsync();
        var e = await Assert.ThrowsAsync<CannotStartException>(() => BayouServer.StartAsync(database, ("Bayou:Replay:ClientAddress", "Hashed")));
        Assert.Contains("Bayou:Replay:ClientAddress", e.Message, StringComparison.Ordinal);
        Assert.Contains(SecretKey.Name, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/no/such/file.mmdb")]
    [InlineData("/etc/hostname")]
    public void A_file_that_cannot_be_used_stops_the_start_and_names_the_setting(string path)
    {
        var e = Assert.Throws<CannotStartException>(() => new GeoDatabase(GeoFiles.Configuration(path), TimeProvider.System, NullLogger<GeoDatabase>.Instance));
        Assert.Contains(GeoDatabase.Key, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cities_have_regions_and_coordinates()
    {
        var place = GeoDatabase.PlaceOf(new Dictionary<string, object>
        {
            ["country"] = new Dictionary<string, object> { ["iso_code"] = "GB" },
            ["subdivisions"] = new List<object> { new Dictionary<string, object> { ["names"] = new Dictionary<string, object> { ["en"] = "England" } } },
            ["city"] = new Dictionary<string, object> { ["names"] = new Dictionary<string, object> { ["en"] = "London" } },
            ["location"] = new Dictionary<string, object> { ["latitude"] = 51.5, ["longitude"] = -0.1 },
        });
        Assert.Equal(new GeoPlace("GB", "England", "London", 51.5, -0.1, GeoPlace.Ip), place);
    }

    private async Task<string> PlaceAsync(string more)
    {
        var (_, row) = await CaptureAsync(more);
        string[] names = ["geo_country", "geo_region", "geo_city", "geo_lat", "geo_lon", "geo_source"];
        return string.Join('/', names.Select(name => row[name]?.ToString()));
    }

    private async Task<(string Service, JsonNode Row)> CaptureAsync(string more)
    {
        var service = BayouServer.NewService();
        var item = $$"""[{"service":"{{service}}","method":"GET","path":"/","status_code":200,"duration":1{{(more.Length > 0 ? $",{more}" : "")}}}]""";
        await server.PostAsync(new StringContent(item, Encoding.UTF8, "application/json"), path: "/ingest/v1/snapshots");
        return (service, (await server.DataAsync($"/replay?service={service}")).AsArray().Single()!);
    }

    private static ClientAddresses Addresses(KeptAddress kept, char key) => new(
        Options.Create(new ReplayOptions { ClientAddress = kept }),
        new SecretKey(new ConfigurationBuilder().AddInMemoryCollection([new(SecretKey.Name, new string(key, 40))]).Build()));
}
