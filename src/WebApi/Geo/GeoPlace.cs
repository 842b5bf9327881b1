namespace Bayou.Geo;

/// <summary>Where a request came from; empty for what is not known.</summary>
/// <param name="Country">Of ISO 3166, two letters.</param>
/// <param name="Source">platform, header, ip or none.</param>
internal sealed record GeoPlace(string Country, string Region, string City, double? Latitude, double? Longitude, string Source)
{
    public const string Platform = "platform", Header = "header", Ip = "ip", Nowhere = "none";

    public static readonly GeoPlace None = new("", "", "", null, null, Nowhere);

    /// <summary>Two letters, or a letter and a digit as networks have it; XX and T1 say that they do not know.</summary>
    public static bool IsCountry(string code) =>
        code.Length == 2 && char.IsAsciiLetter(code[0]) && char.IsAsciiLetterOrDigit(code[1]) && code.ToUpperInvariant() is not ("XX" or "T1");
}
