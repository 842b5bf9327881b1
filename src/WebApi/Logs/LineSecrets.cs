using System.Buffers;
using System.Text;
using Bayou.Monitor.Capture;

namespace Bayou.Logs;

/// <summary>Takes secrets out of lines. Nearly all lines have none, which one pass over them tells.</summary>
internal sealed class LineSecrets
{
    private const int ShortestCard = 13; // digits

    // Nothing that is taken out is without one of these, or without as many digits as a card has.
    private static readonly string[] SignTexts =
    [
        "passw", "passphrase", "passcode", "pwd", "secret", "token", "apikey", "api_key", "api-key", "accesskey", "access_key", "access-key", "privatekey",
        "private key", "private_key", "authorization", "cookie", "credential", "bearer ", "basic ", "eyJ", "AKIA", "ASIA", "AIza", "ya29.", "ghp_", "gho_",
        "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "npm_", "xox", "xapp-", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_", "sk-", "SG.",
        "bayou_", "://",
        "card", "account", "session", "cvv", "cvc", "ssn", "iban", "otp", "signature", "csrf", "xsrf", "jwt", "auth",
    ];

    // The rest of them, whole: parts of these are in every other line. Apart, as more than 80 at once are looked for much more slowly.
    private static readonly string[] NameTexts =
    [
        "\"pass\"", "_pass", "dbpass", "userpass", "\"pin\"", "\"pan\"", "\"sid\"", "\"sig\"", "\"pw\"", "\"tan\"", "\"creds\"", "\"cvn\"",
        "signingkey", "signing_key", "signing-key", "encryptionkey", "encryption_key", "encryption-key", "masterkey", "master_key", "master-key",
        "recoverycode", "recovery_code", "securitycode", "security_code", "securityanswer", "security_answer", "ccnumber", "cc_number", "acctnumber",
        "acct_number", "onetimecode", "one_time_code", "mfacode", "mfa_code", "verificationcode", "verification_code", "logincode", "login_code",
        "routingnumber", "routing_number", "socialsecurity", "social_security", "connectionstring", "connection_string", "sessid", "samlresponse",
        "saml_response", "applicationkey", "application_key", "application-key", "functionskey", "functions-key", "subscriptionkey", "subscription-key",
        "subscription_key",
    ];

    private static readonly SearchValues<string> Signs = SearchValues.Create(SignTexts, StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<string> Names = SearchValues.Create(NameTexts, StringComparison.OrdinalIgnoreCase);

    // OpenTelemetry's names have dots where others have underscores: db.pass.
    private static readonly SearchValues<string> Dotted = SearchValues.Create(
        [.. SignTexts.Concat(NameTexts).SelectMany(WithDots).Distinct(StringComparer.OrdinalIgnoreCase)], StringComparison.OrdinalIgnoreCase);

    private char[] _chars = new char[1_024];

    /// <summary>The same bytes where there is nothing to take out.</summary>
    public ReadOnlySpan<byte> OfMessage(ReadOnlySpan<byte> message) => MayHave(message, out var text) && Redactor.Line(text.ToString()) is var left
        && !text.SequenceEqual(left) ? Encoding.UTF8.GetBytes(left) : message;

    /// <summary>Fields by their names, too.</summary>
    public ReadOnlySpan<byte> OfMeta(ReadOnlySpan<byte> json) => MayHave(json, out var text) && Redactor.Default.Body(text.ToString(), null) is var left
        && !text.SequenceEqual(left) ? Encoding.UTF8.GetBytes(left) : json;

    private bool MayHave(ReadOnlySpan<byte> utf8, out ReadOnlySpan<char> text)
    {
        if (_chars.Length < utf8.Length)
        {
            _chars = new char[utf8.Length];
        }

        text = _chars.AsSpan(0, Encoding.UTF8.GetChars(utf8, _chars));
        return text.ContainsAny(Signs) || text.ContainsAny(Names) || text.ContainsAny(Dotted) || HasDigitsOfCard(text);
    }

    /// <summary>Each way to write a name with dots where it has underscores, in one place or more.</summary>
    private static IEnumerable<string> WithDots(string name)
    {
        for (var at = name.IndexOf('_', StringComparison.Ordinal); at >= 0; at = name.IndexOf('_', at + 1))
        {
            var dotted = $"{name[..at]}.{name[(at + 1)..]}";
            yield return dotted;
            foreach (var more in WithDots(dotted))
            {
                yield return more;
            }
        }
    }

    private static bool HasDigitsOfCard(ReadOnlySpan<char> text)
    {
        var (count, joints) = (0, 0);
        foreach (var c in text)
        {
            if (char.IsAsciiDigit(c))
            {
                joints = 0;
                if (++count >= ShortestCard)
                {
                    return true;
                }
            }
            else if (c is not (' ' or '-') || ++joints > 1)
            {
                (count, joints) = (0, 0);
            }
        }

        return false;
    }
}
