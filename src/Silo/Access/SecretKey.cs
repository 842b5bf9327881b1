using System.Security.Cryptography;
using System.Text;
using Bayou.Hosting;

namespace Bayou.Access;

/// <summary>
/// <c>BAYOU_SECRET_KEY</c>: encrypts the keys that Bayou keeps in PostgreSQL, so that whoever has a copy of the database alone can sign and read nothing
/// with them. All nodes need the same one. AES-256-GCM, by a key that HKDF (RFC 5869) makes of it.
/// </summary>
internal sealed class SecretKey
{
    public const string Name = "BAYOU_SECRET_KEY";

    private const int Shortest = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly byte[]? _key;

    /// <exception cref="CannotStartException">It is too short.</exception>
    public SecretKey(IConfiguration configuration)
    {
        var given = (configuration[Name] ?? "").Trim(); // A secret from a file often ends its line.
        if (given.Length is > 0 and < Shortest)
        {
            throw new CannotStartException($"{Name} must have {Shortest} characters or more; make one with: openssl rand -hex 32");
        }

        _key = given.Length == 0 ? null
            : HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(given), 32, salt: [], info: "bayou keys 1"u8.ToArray());
    }

    /// <summary>Else what would be encrypted is kept as it is.</summary>
    public bool IsSet => _key is not null;

    /// <summary>HMAC-SHA-256 (RFC 2104), by a key of its own for each purpose.</summary>
    public byte[] Hash(string purpose, ReadOnlySpan<byte> what) =>
        HMACSHA256.HashData(HKDF.Expand(HashAlgorithmName.SHA256, _key!, 32, Encoding.UTF8.GetBytes($"bayou {purpose} 1")), what);

    public byte[] Encrypt(ReadOnlySpan<byte> plain)
    {
        var sealed_ = new byte[NonceBytes + TagBytes + plain.Length];
        RandomNumberGenerator.Fill(sealed_.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(_key!, TagBytes);
        aes.Encrypt(sealed_.AsSpan(0, NonceBytes), plain, sealed_.AsSpan(NonceBytes + TagBytes), sealed_.AsSpan(NonceBytes, TagBytes));
        return sealed_;
    }

    /// <exception cref="CryptographicException">It was encrypted by another key, or changed since.</exception>
    public byte[] Decrypt(ReadOnlySpan<byte> encrypted)
    {
        if (_key is null || encrypted.Length < NonceBytes + TagBytes)
        {
            throw new CryptographicException($"This was encrypted by a {Name} that is not set.");
        }

        var plain = new byte[encrypted.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(_key, TagBytes);
        aes.Decrypt(encrypted[..NonceBytes], encrypted[(NonceBytes + TagBytes)..], encrypted.Slice(NonceBytes, TagBytes), plain);
        return plain;
    }
}
