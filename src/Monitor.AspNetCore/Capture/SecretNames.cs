using System.Text;

namespace Bayou.Monitor.Capture;

/// <summary>Tells by its name whether what a header, a field or a parameter holds is a secret: a credential, or the number of a card or an account.</summary>
internal static class SecretNames
{
    // Wherever they are in a name that is written without its joints.
    private static readonly string[] Anywhere =
    [
        "password", "passwd", "passphrase", "passcode", "secret", "apikey", "accesskey", "privatekey", "signingkey", "encryptionkey", "masterkey", "cardnumber",
        "cardno", "creditcard", "ccnumber", "accountnumber", "accountno", "acctnumber", "bankaccount", "securitycode", "authorization", "credential", "cookie",
        "sessionid", "sessionkey", "socialsecurity", "routingnumber", "connectionstring", "recoverycode", "onetimecode",
        "subscriptionkey", "securityanswer", "mfacode", "verificationcode", "authcode", "authorizationcode", "logincode",
        "authkey", "applicationkey", "functionskey", "accountkey", "samlresponse", "sessid", "refreshtokens", "accesstokens", "dbpass", "smtppass", "mailpass",
        "userpass", "ftppass", "rootpass", "adminpass",
    ];

    // As the last word.
    private static readonly HashSet<string> Last =
    [
        "token", "jwt", "pwd", "otp", "totp", "cvv", "cvv2", "cvc", "cvn", "ssn", "iban", "csrf", "xsrf", "signature", "bearer", "auth", "authentication",
    ];

    // As the whole name: as a part of one they mean many things.
    private static readonly HashSet<string> Whole = ["pass", "pin", "pan", "sid", "session", "sig", "pw", "tan", "creds"];

    // Behind a word, these tell of it and are not what it is: passwordPolicy.
    private static readonly HashSet<string> Telling =
        ["status", "policy", "type", "required", "enabled", "expires", "expiry", "expired", "count", "length", "strength", "at"];

    // Behind a word, these do not change what it is.
    private static readonly HashSet<string> Trailing =
        ["value", "header", "raw", "string", "text", "plain", "new", "old", "current", "confirm", "confirmation", "repeat", "again", "hash", "1", "2"];

    // A place in a list of results, not a credential.
    private static readonly HashSet<string> Cursor = ["page", "next", "previous", "prev", "continuation", "cursor", "sync", "start", "idempotency"];

    /// <summary>Whether it is one beyond doubt, even before words that no program wrote as a field.</summary>
    public static bool IsSecretInProse(ReadOnlySpan<char> name) =>
        Words(name) is { Count: > 0 } words && (words is ["pwd"] || string.Concat(words) is var joined
            && Anywhere.Any(part => joined.Contains(part, StringComparison.Ordinal)));

    /// <summary>A name however it is written: <c>taxNumber</c>, <c>tax_number</c> and <c>Tax-Number</c> are one.</summary>
    public static string Joined(ReadOnlySpan<char> name) => string.Concat(Words(name));

    /// <summary>Whether it is one where it is written as in a query; a word that means many things is none.</summary>
    public static bool IsSecretAssigned(ReadOnlySpan<char> name) => IsSecret(name) && !IsOfOne(name);

    /// <summary>Whether it means many things, and is a secret's only where it holds one value.</summary>
    public static bool IsOfOne(ReadOnlySpan<char> name) => Whole.Contains(Joined(name));

    public static bool IsSecret(ReadOnlySpan<char> name)
    {
        const int Longest = 200;
        if (name.Length is 0 or > Longest)
        {
            return false;
        }

        var words = Words(name);
        if (words is ["x", _, ..])
        {
            words.RemoveAt(0); // As many headers begin.
        }

        while (words.Count > 1 && Trailing.Contains(words[^1]))
        {
            words.RemoveAt(words.Count - 1);
        }

        if (words.Count == 0 || (words.Count > 1 && Telling.Contains(words[^1])) || words is ["access", "control", ..] or ["secretary", ..])
        {
            return false;
        }

        var joined = string.Concat(words);
        return Whole.Contains(joined)
            || (Last.Contains(words[^1]) && !(words.Count > 1 && Cursor.Contains(words[^2])))
            || (words.Count == 1 && joined.EndsWith("token", StringComparison.Ordinal))
            || Anywhere.Any(part => joined.Contains(part, StringComparison.Ordinal));
    }

    /// <summary>Of <c>accessToken</c>, <c>access_token</c> and <c>Access-Token</c>: access, token.</summary>
    private static List<string> Words(ReadOnlySpan<char> name)
    {
        var (words, word) = (new List<string>(), new StringBuilder());
        for (var at = 0; at < name.Length; at++)
        {
            var c = name[at];
            var begins = char.IsUpper(c) && at > 0
                && (char.IsLower(name[at - 1]) || (at + 1 < name.Length && char.IsLower(name[at + 1]) && char.IsUpper(name[at - 1])));
            if (word.Length > 0 && (begins || !char.IsLetterOrDigit(c)))
            {
                words.Add(word.ToString());
                word.Clear();
            }

            if (char.IsLetterOrDigit(c))
            {
                word.Append(char.ToLowerInvariant(c));
            }
        }

        if (word.Length > 0)
        {
            words.Add(word.ToString());
        }

        return words;
    }
}
