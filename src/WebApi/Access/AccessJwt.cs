using System.Globalization;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Bayou.Access;

/// <summary>
/// The access tokens of API clients (RFC 7519): each says, for a quarter of an hour, which session it is of. What that person may do is not in it, so it
/// ends with the session, and changes with the roles.
/// </summary>
internal sealed class AccessJwt(SigningKeys keys, TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    private const string Here = "bayou"; // both who it is by and whom it is for
    private const string Begin = "eyJ"; // of every token: {" in base64
    private const string SessionClaim = "sid";

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };

    /// <summary>Whether a text is meant as one.</summary>
    public static bool Looks(string text) => text.StartsWith(Begin, StringComparison.Ordinal);

    public async Task<string> MakeAsync(int person, long session, CancellationToken ct)
    {
        var (key, now) = (await keys.CurrentAsync(ct), time.GetUtcNow().UtcDateTime);
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Here,
            Audience = Here,
            IssuedAt = now,
            NotBefore = now,
            Expires = now + Lifetime,
            Claims = new Dictionary<string, object>
            {
                [JwtRegisteredClaimNames.Sub] = person.ToString(CultureInfo.InvariantCulture),
                [SessionClaim] = session.ToString(CultureInfo.InvariantCulture),
            },
            SigningCredentials = new(KeyOf(key), SecurityAlgorithms.HmacSha256),
        });
    }

    /// <returns>The session's id; null where it was not made here, was changed, or has expired.</returns>
    public async ValueTask<long?> SessionAsync(string token, CancellationToken ct)
    {
        if (KeyIdOf(token) is not { Length: > 0 } id || await keys.FindAsync(id, ct) is not { } key)
        {
            return null;
        }

        // One algorithm and one key: whatever the token itself says of either is not asked.
        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = Here,
            ValidAudience = Here,
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
            IssuerSigningKey = KeyOf(key),
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            ClockSkew = TimeSpan.Zero,
            LifetimeValidator = (begin, end, _, _) => time.GetUtcNow() is var now && !(begin > now.UtcDateTime + Skew) && end > now.UtcDateTime,
        });
        return result.IsValid && result.Claims.TryGetValue(SessionClaim, out var claim)
            && long.TryParse(claim as string, NumberStyles.None, CultureInfo.InvariantCulture, out var session) ? session : null;
    }

    /// <returns>Null for what is no token at all.</returns>
    private string? KeyIdOf(string token)
    {
        try
        {
            return _handler.CanReadToken(token) ? _handler.ReadJsonWebToken(token).Kid : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or JsonException or SecurityTokenException)
        {
            return null; // It looks like one, and is not.
        }
    }

    private static TimeSpan Skew => TimeSpan.FromSeconds(30); // between nodes' clocks

    private static SymmetricSecurityKey KeyOf(SigningKey key) => new(key.Secret) { KeyId = key.Id };
}
