using System.Buffers;
using System.Text.RegularExpressions;

namespace Bayou.Monitor.Capture;

/// <summary>Finds secrets by their looks, wherever they are: tokens, private keys, keys of clouds, numbers of cards and accounts.</summary>
internal static partial class SecretLooks
{
    // What none of the expressions finds anything without.
    private static readonly SearchValues<string> Signs = SearchValues.Create(
    [
        "eyJ", "PRIVATE KEY", "AKIA", "ASIA", "AIza", "ya29.", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "npm_", "xoxa-", "xoxb-",
        "xoxp-", "xoxr-", "xoxs-", "xapp-", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_", "sk-", "SG.", "bayou_", "Bearer ", "bearer ", "Basic ",
        "basic ", "://",
    ], StringComparison.Ordinal);

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789");

    /// <returns>The same text where there is none.</returns>
    public static string Without(string text)
    {
        if (text.AsSpan().ContainsAny(Signs))
        {
            text = Keys().Replace(text, match => match.Groups["kept"].Value + Redactor.Mark(match.Length - match.Groups["kept"].Length));
        }

        return text.AsSpan().ContainsAny(Digits)
            ? Accounts().Replace(Cards().Replace(text, match => IsCard(match.ValueSpan) ? Redactor.Mark(match.Length) : match.Value),
                match => IsAccount(match.ValueSpan) ? Redactor.Mark(match.Length) : match.Value)
            : text;
    }

    /// <summary>Whether digits, with or without joints between, are the number of a card (ISO/IEC 7812: its first digit, and Luhn's check).</summary>
    internal static bool IsCard(ReadOnlySpan<char> number)
    {
        var (sum, count, first) = (0, 0, 0);
        for (var at = number.Length - 1; at >= 0; at--)
        {
            if (!char.IsAsciiDigit(number[at]))
            {
                continue;
            }

            first = number[at] - '0';
            var doubled = count++ % 2 == 1 ? first * 2 : first;
            sum += doubled > 9 ? doubled - 9 : doubled;
        }

        return count is >= 13 and <= 19 && first is >= 2 and <= 6 && sum % 10 == 0;
    }

    /// <summary>Whether it is the number of a bank account (ISO 13616: the remainder by 97 is 1).</summary>
    private static bool IsAccount(ReadOnlySpan<char> number)
    {
        Span<char> plain = stackalloc char[number.Length];
        var length = 0;
        foreach (var c in number)
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                plain[length++] = char.ToUpperInvariant(c);
            }
        }

        var remainder = 0;
        for (var at = 0; at < length; at++)
        {
            var c = plain[(at + 4) % length];
            remainder = char.IsAsciiDigit(c) ? ((remainder * 10) + c - '0') % 97 : ((remainder * 100) + c - 'A' + 10) % 97;
        }

        return length is >= 15 and <= 34 && remainder == 1;
    }

    // JSON Web Tokens; PEM; AWS, Google, GitHub, GitLab, npm, Slack, Stripe, SendGrid, AI services, Bayou; credentials of headers, and of URLs.
    [GeneratedRegex(
        @"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}"
        + @"|-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)"
        + @"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{30,}|\bya29\.[0-9A-Za-z_-]{10,}"
        + @"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}|\bnpm_[A-Za-z0-9]{30,}"
        + @"|\b(?:xox[abprs]|xapp)-[A-Za-z0-9-]{10,}|\b(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{10,}|\bSG\.[\w-]{16,}\.[\w-]{16,}"
        + @"|\bsk-[A-Za-z0-9_-]{20,}|\bbayou_[A-Za-z0-9_]{16,}"
        + @"|(?<kept>\b(?:[Bb]earer|[Bb]asic) )[A-Za-z0-9+/=._~-]{8,}"
        + @"|(?<kept>://)[^\s/:@""'<>]*:[^\s/@""'<>]+(?=@)")]
    private static partial Regex Keys();

    [GeneratedRegex(@"(?<![\w.])[2-6](?:[ -]?[0-9]){12,18}(?![\w.]?[0-9])")]
    private static partial Regex Cards();

    [GeneratedRegex(@"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")]
    private static partial Regex Accounts();
}
