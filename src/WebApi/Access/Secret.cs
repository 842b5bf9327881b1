using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Bayou.Access;

/// <summary>Makes and checks secrets. What is stored of each is its SHA-256: they are random enough that nothing slower is needed.</summary>
internal static class Secret
{
    public const string KeyPrefix = "bayou_";
    public const string BrowserPrefix = "bayou_browser_"; // such a key is no secret: it may be in an address

    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int RandomDigits = 32; // 190 bits
    private const int CheckDigits = 6; // of four bytes of its SHA-256
    private const int TokenBytes = 32;

    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>What a cookie or a link holds.</summary>
    public static string NewToken() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));

    /// <summary>An API key. Its checksum lets a scanner of secrets be sure, and a typing error be told from a key that was revoked.</summary>
    public static string NewKey(IReadOnlyList<string> scopes)
    {
        var name = scopes is [var only] ? only.Replace("ingest:", "", StringComparison.Ordinal) : "multi";
        var body = $"{KeyPrefix}{name}_{RandomNumberGenerator.GetString(Digits, RandomDigits)}";
        return body + Check(body);
    }

    /// <summary>Whether a text is a key that somebody may have been given.</summary>
    public static bool IsWhole(string key) =>
        key.Length > KeyPrefix.Length + RandomDigits + CheckDigits && key.EndsWith(Check(key[..^CheckDigits]), StringComparison.Ordinal);

    private static string Check(string body)
    {
        return string.Create(CheckDigits, BinaryPrimitives.ReadUInt32BigEndian(Hash(body)), (digits, left) =>
        {
            for (var i = CheckDigits - 1; i >= 0; i--, left /= (uint)Digits.Length)
            {
                digits[i] = Digits[(int)(left % Digits.Length)];
            }
        });
    }
}
