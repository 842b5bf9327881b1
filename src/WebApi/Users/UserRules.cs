using Bayou.Http;

namespace Bayou.Users;

/// <summary>What a person's fields may hold.</summary>
internal static class UserRules
{
    private const int LongestName = 200;
    private const int LongestEmail = 254; // RFC 5321
    private const int Oldest = 150;

    public static FieldError? Name(string? name) =>
        name is { Length: > 0 and <= LongestName } && !string.IsNullOrWhiteSpace(name) && !name.Contains('\0', StringComparison.Ordinal)
            ? null : new("name", $"must be a text of 1 to {LongestName} characters");

    public static FieldError? Age(int? age) => age is null or (>= 0 and <= Oldest) ? null : new("age", $"must be a whole number from 0 to {Oldest}");

    /// <summary>Has one at sign, with something before it and a dotted name or host behind; whether mail arrives only mail can tell.</summary>
    public static FieldError? Email(string? email) =>
        email is { Length: <= LongestEmail } && email.Split('@') is [{ Length: > 0 }, { Length: > 0 } host] && !host.StartsWith('.') && !host.EndsWith('.')
            && !email.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))
            ? null : new("email", "must be an e-mail address");
}
