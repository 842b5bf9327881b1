using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bayou.Geo;

/// <summary>Databases of where addresses are, for tests.</summary>
internal static class GeoFiles
{
    /// <summary>Knows nothing.</summary>
    public static GeoDatabase None() => new(new ConfigurationBuilder().Build(), TimeProvider.System, NullLogger<GeoDatabase>.Instance);

    public static IConfiguration Configuration(string path) =>
        new ConfigurationBuilder().AddInMemoryCollection([new(GeoDatabase.Key, path)]).Build();

    /// <returns>The file.</returns>
    public static async Task<string> WriteAsync(string country)
    {
        var file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.mmdb");
        await File.WriteAllBytesAsync(file, Database(country), BayouServer.Ct);
        return file;
    }

    /// <summary>A database of one fact (MaxMind DB 2.0): addresses whose first bit is 0 are in a country.</summary>
    public static byte[] Database(string country)
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
