using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Bayou.Hosting;

namespace Bayou.Access;

/// <summary>
/// A secret that opens all of this Bayou, as an owner's key, before there are people and beside them: as <c>Authorization: Bearer</c> or
/// <c>x-api-key</c>; a browser that has shown it once has a cookie instead.
/// </summary>
internal sealed class AccessToken
{
    public const string Key = "BAYOU_TOKEN";
    private const int Shortest = 16;

    private readonly byte[]? _hash;
    private readonly byte[] _key;

    /// <exception cref="CannotStartException">It is too short.</exception>
    public AccessToken(IConfiguration configuration)
    {
        var token = (configuration[Key] ?? "").Trim(); // A secret from a file often ends its line.
        if (token.Length > 0 && token.Length < Shortest)
        {
            throw new CannotStartException($"{Key} must have {Shortest} characters or more; make one with: openssl rand -hex 24");
        }

        ReachableAddress = Addresses(configuration).FirstOrDefault(address => !IsLoopback(address));
        _hash = token.Length > 0 ? Hash(token) : null;
        _key = Encoding.UTF8.GetBytes(token);
    }

    public bool IsRequired => _hash is not null;

    /// <summary>An address at which the network can reach this server; null where it listens on loopback alone.</summary>
    public string? ReachableAddress { get; }

    public bool Is(string given) => _hash is not null && CryptographicOperations.FixedTimeEquals(Hash(given), _hash);

    /// <summary>
    /// What a browser's cookie holds: since when, and a proof of that by the token. Another token makes it void, and it does not tell the token.
    /// </summary>
    public string CookieOf(DateTimeOffset since) =>
        string.Create(CultureInfo.InvariantCulture, $"{since.ToUnixTimeSeconds()}.{Base64Url.EncodeToString(Proof(since.ToUnixTimeSeconds()))}");

    /// <summary>Whether a cookie was given for this token, and has not ended since.</summary>
    public bool IsCookie(string given, DateTimeOffset now)
    {
        if (_hash is null || given.Split('.') is not [var since, var proof]
            || !long.TryParse(since, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            || at > now.ToUnixTimeSeconds() + Skew || at < (now - SignIn.Longest).ToUnixTimeSeconds())
        {
            return false;
        }

        return CryptographicOperations.FixedTimeEquals(Hash(proof), Hash(Base64Url.EncodeToString(Proof(at))));
    }

    private const int Skew = 60; // seconds between nodes' clocks

    private byte[] Proof(long since) =>
        HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"bayou session 2 {since}")));

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    /// <summary>Every place from which the server takes an address to listen on.</summary>
    private static IEnumerable<string> Addresses(IConfiguration configuration) =>
    [
        .. List(configuration["urls"]),
        .. List(configuration["http_ports"]).Select(port => $"http://*:{port}"),
        .. List(configuration["https_ports"]).Select(port => $"https://*:{port}"),
        .. configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"] ?? ""),
    ];

    private static string[] List(string? setting) => (setting ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    // What is no plain address (a wildcard, a name) may be reached from anywhere.
    private static bool IsLoopback(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
            && (uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip)));
}
