using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Bayou.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

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
            await File.WriteAllBytesAsync(file, Database("FR"), BayouServer.Ct);
            var time = new ManualTime();
            using var geo = new GeoDatabase(Configuration(file), time, NullLogger<GeoDatabase>.Instance);
            Assert.Equal(("FR", GeoPlace.Ip), (geo.Find(IPAddress.Parse("10.1.2.3"))!.Country, geo.Find(IPAddress.Parse("10.1.2.3"))!.Source));
            Assert.Null(geo.Find(IPAddress.Parse("200.1.2.3")));
            await File.WriteAllBytesAsync(file, Database("DE"), BayouServer.Ct);
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

    [Theory]
    [InlineData("/no/such/file.mmdb")]
    [InlineData("/etc/hostname")]
    public void A_file_that_cannot_be_used_stops_the_start_and_names_the_setting(string path)
    {
        var e = Assert.Throws<CannotStartException>(() => new GeoDatabase(Configuration(path), TimeProvider.System, NullLogger<GeoDatabase>.Instance));
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

    private static IConfiguration Configuration(string path) =>
        new ConfigurationBuilder().AddInMemoryCollection([new(GeoDatabase.Key, path)]).Build();

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

    /// <summary>A database of one fact (MaxMind DB 2.0): addresses whose first bit is 0 are in a country.</summary>
    private static byte[] Database(string country)
    {
        const int Separator = 16;
        byte[] tree = [0, 0, 1 + Separator, 0, 0, 1]; // One node: left is the first record of the data, right is nothing.
        byte[] data = [.. Map(1), .. Text("country_code"), .. Text(country)];
        byte[] metadata =
        [
            .. Map(9), .. Text("binary_format_major_version"), 0xA1, 2, .. Text("binary_format_minor_version"), 0xA0,
            .. Text("build_epoch"), 0x04, 0x02, 0x60, 0, 0, 0, .. Text("database_type"), .. Text("Test"), .. Text("description"), .. Map(0),
            .. Text("ip_version"), 0xA1, 4, .. Text("languages"), 0x00, 0x04, .. Text("node_count"), 0xC1, 1, .. Text("record_size"), 0xA1, 24,
        ];
        return [.. tree, .. new byte[Separator], .. data, 0xAB, 0xCD, 0xEF, .. "MaxMind.com"u8, .. metadata];

        static byte[] Map(int size) => [(byte)((7 << 5) | size)];

        static byte[] Text(string text) => [.. text.Length < 29 ? [(byte)((2 << 5) | text.Length)] : (byte[])[(2 << 5) | 29, (byte)(text.Length - 29)],
            .. Encoding.UTF8.GetBytes(text)];
    }
}
