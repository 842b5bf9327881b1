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
            text = Keys().Replace(text, match => match.Groups["word"].Success ? match.Value
                : match.Groups["kept"].Value + Redactor.Mark(match.Length - match.Groups["kept"].Length));
        }

        return text.AsSpan().ContainsAny(Digits)
            ? Accounts().Replace(Cards().Replace(text, match => WithoutCard(match.Value)),
                match => IsAccount(match.ValueSpan) ? Redactor.Mark(match.Length) : match.Value)
            : text;
    }

    /// <summary>Takes out what of digits is a card: before and behind it may be others, as its expiry.</summary>
    private static string WithoutCard(string digits)
    {
        List<(int From, int To)> groups = [];
        for (int from = 0, at = 0; at <= digits.Length; at++)
        {
            if (at == digits.Length || !char.IsAsciiDigit(digits[at]))
            {
                groups.Add((from, at));
                from = at + 1;
            }
        }

        for (var first = 0; first < groups.Count; first++)
        {
            for (var last = groups.Count - 1; last >= first; last--)
            {
                var (from, to) = (groups[first].From, groups[last].To);
                if (IsWrittenAsCard(groups[first..(last + 1)]) && IsCard(digits.AsSpan(from, to - from)))
                {
                    return digits[..from] + Redactor.Mark(to - from) + digits[to..];
                }
            }
        }

        return digits;
    }

    /// <summary>In one, or in groups as on a card: of single digits are lists.</summary>
    private static bool IsWrittenAsCard(List<(int From, int To)> groups) =>
        groups[..^1].TrueForAll(group => group.To - group.From >= 4) && groups[^1].To - groups[^1].From >= 3;

    /// <summary>Whether digits, with or without joints between, are the number of a card (ISO/IEC 7812: its issuer, its length, and Luhn's check).</summary>
    internal static bool IsCard(ReadOnlySpan<char> number)
    {
        Span<char> plain = stackalloc char[19];
        var length = 0;
        foreach (var c in number)
        {
            if (!char.IsAsciiDigit(c))
            {
                continue;
            }

            if (length == plain.Length)
            {
                return false;
            }

            plain[length++] = c;
        }

        var sum = 0;
        for (var at = 0; at < length; at++)
        {
            var doubled = (plain[length - 1 - at] - '0') * (at % 2 == 1 ? 2 : 1);
            sum += doubled > 9 ? doubled - 9 : doubled;
        }

        return length >= 13 && sum % 10 == 0 && (plain[0], plain[1]) switch
        {
            ('4', _) => length is 13 or 16 or 19,
            ('3', '4' or '7') => length == 15,
            ('3', '0' or '6' or '8' or '9') => length is 14 or 16,
            ('2', >= '2' and <= '7') or ('5', >= '1' and <= '5') => length == 16,
            ('3', '5') or ('5', _) or ('6', _) => length is >= 16 and <= 19,
            _ => false,
        };
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
        @"\beyJ[A-Za-z0-9_-]{8,4096}(?:\.[A-Za-z0-9_-]*){1,4}"
        + @"|-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)"
        + @"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{30,}|\bya29\.[0-9A-Za-z_-]{10,}"
        + @"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}|\bnpm_[A-Za-z0-9]{30,}"
        + @"|\b(?:xox[abprs]|xapp)-[A-Za-z0-9-]{10,}|\b(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{10,}|\bSG\.[\w-]{16,}\.[\w-]{16,}"
        + @"|\bsk-[A-Za-z0-9_-]{20,}|\bbayou_[A-Za-z0-9_]{16,}"
        + @"|(?<word>\b(?:[Bb]earer|[Bb]asic) [A-Z]?[a-z]{8,}(?![A-Za-z0-9+/=_~-]))|(?<kept>\b(?:[Bb]earer|[Bb]asic) )[A-Za-z0-9+/=._~-]{8,}"
        + @"|(?<kept>://)[^\s/:@""'<>]*:[^\s/@""'<>]+(?=@)")]
    private static partial Regex Keys();

    [GeneratedRegex(@"(?<![\w.])[2-6](?:[ -]?[0-9]){12,26}(?![\w.]?[0-9])")]
    private static partial Regex Cards();

    [GeneratedRegex(@"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")]
    private static partial Regex Accounts();
}
