using System.Buffers;
using System.Text;
using Bayou.Monitor.Capture;

namespace Bayou.Logs;

/// <summary>Takes secrets out of lines. Nearly all lines have none, which one pass over them tells.</summary>
internal sealed class LineSecrets
{
    private const int ShortestAccount = 10; // digits in a row; of a card are more

    // Nothing that is taken out is without one of these, or without as many digits as an account has.
    private static readonly SearchValues<string> Signs = SearchValues.Create(
    [
        "passw", "passphrase", "passcode", "pwd", "secret", "token", "apikey", "api_key", "api-key", "accesskey", "access_key", "access-key", "privatekey",
        "private key", "private_key", "authorization", "cookie", "credential", "bearer ", "basic ", "eyJ", "AKIA", "ASIA", "AIza", "ya29.", "ghp_", "gho_",
        "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "npm_", "xox", "xapp-", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_", "sk-", "SG.",
        "bayou_", "://",
        "card", "account", "session", "cvv", "cvc", "ssn", "iban", "otp", "signature", "csrf", "xsrf", "jwt", "auth",
        "\"pass\"", "_pass", "\"pin\"", "\"pan\"", "\"sid\"", "\"sig\"", "\"pw\"", "\"tan\"", "creds", "cvn", "signing", "encryption", "master",
        "recovery", "security", "ccnum", "cc_num", "cc-num", "acct", "onetime", "one_time", "mfa", "verification", "login", "routing", "social", "connection",
        "sessid", "saml", "applicationkey", "functionskey", "subscription",
    ], StringComparison.OrdinalIgnoreCase);

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
        return text.ContainsAny(Signs) || HasDigitsOfCard(text);
    }

    private static bool HasDigitsOfCard(ReadOnlySpan<char> text)
    {
        var (count, joints) = (0, 0);
        foreach (var c in text)
        {
            if (char.IsAsciiDigit(c))
            {
                joints = 0;
                if (++count >= ShortestAccount)
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
