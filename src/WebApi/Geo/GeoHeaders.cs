using System.Globalization;

namespace Bayou.Geo;

/// <summary>Reads where a request came from of headers: those of the platform it came through, else those that are named <c>x-geo-*</c>.</summary>
internal static class GeoHeaders
{
    private const int Longest = 200;

    // Country, region, city, latitude, longitude; the first that is there counts.
    private static readonly (string Source, string[][] Names)[] Known =
    [
        (GeoPlace.Platform, [["cf-ipcountry"], ["cf-region", "cf-region-code"], ["cf-ipcity"], ["cf-iplatitude"], ["cf-iplongitude"]]),
        (GeoPlace.Platform,
        [
            ["cloudfront-viewer-country"], ["cloudfront-viewer-country-region-name", "cloudfront-viewer-country-region"], ["cloudfront-viewer-city"],
            ["cloudfront-viewer-latitude"], ["cloudfront-viewer-longitude"],
        ]),
        (GeoPlace.Platform,
            [["x-vercel-ip-country"], ["x-vercel-ip-country-region"], ["x-vercel-ip-city"], ["x-vercel-ip-latitude"], ["x-vercel-ip-longitude"]]),
        (GeoPlace.Platform, [["x-appengine-country"], ["x-appengine-region"], ["x-appengine-city"], ["x-appengine-citylatlong"], ["x-appengine-citylatlong"]]),
        (GeoPlace.Platform, [["fly-country"], ["fly-region"], [], [], []]),
        (GeoPlace.Header,
        [
            ["x-geo-country", "x-country-code"], ["x-geo-region"], ["x-geo-city"], ["x-geo-lat", "x-geo-latitude"], ["x-geo-lon", "x-geo-longitude"],
        ]),
    ];

    /// <param name="header">What a header holds, by its name in small letters; null for none.</param>
    /// <returns>Null where no header says it.</returns>
    public static GeoPlace? Read(Func<string, string?> header)
    {
        foreach (var (source, names) in Known)
        {
            var country = Text(header, names[0]);
            var (region, city) = (Text(header, names[1]), Text(header, names[2]));
            if (!GeoPlace.IsCountry(country) && (source == GeoPlace.Platform || (region.Length == 0 && city.Length == 0)))
            {
                continue;
            }

            country = GeoPlace.IsCountry(country) ? country.ToUpperInvariant() : "";
            return new(country, region, city, Degrees(header, names[3], 0, 90), Degrees(header, names[4], 1, 180), source);
        }

        return null;
    }

    private static string Text(Func<string, string?> header, string[] names)
    {
        var text = names.Select(header).FirstOrDefault(value => value is { Length: > 0 and <= Longest }) ?? "";
        return text.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(text) : text.Trim();
    }

    /// <param name="at">Which of two, where both are in one header.</param>
    private static double? Degrees(Func<string, string?> header, string[] names, int at, double most)
    {
        var parts = Text(header, names).Split(',');
        return double.TryParse(parts.Length == 2 ? parts[at] : parts[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var degrees)
            && Math.Abs(degrees) <= most ? degrees : null;
    }
}
