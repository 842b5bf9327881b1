using System.Buffers;
using System.Text.RegularExpressions;

namespace Bayou.Requests;

/// <summary>
/// Judges one segment of a path: whether it is a name, which a route keeps, or a value, which becomes <see cref="RouteTemplates.Variable"/>; of some only a
/// part is. A value is of a known form (number, UUID, date, address, version), or has a part that nobody would give as a name: random letters and digits, or
/// a long number. Extensions, and words around a value that tell one route from another, stay.
/// </summary>
internal static partial class RouteSegment
{
    private const int LongestName = 100;
    private const int LongestExtension = 7; // geojson, parquet
    private const int HashLength = 7; // of the shortest that programs write, as git does
    private const int CodeLength = 6; // of the shortest in capitals, as bookings have
    private const string Value = RouteTemplates.Variable;
    private static readonly SearchValues<char> CapitalsAndDigits = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    private static readonly SearchValues<char> SuffixCharacters = SearchValues.Create("bcdfghjklmnpqrstvwxz2456789");
    private static readonly SearchValues<char> LettersAndDigits = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    public static string TemplateOf(string segment)
    {
        if (Version().IsMatch(segment) || RouteWords.IsStandard(segment) || ErrorPage().IsMatch(segment))
        {
            return segment;
        }

        var text = segment.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(segment) : segment;
        if (Extended().Match(text) is { Success: true } extended && Known().IsMatch(extended.Groups[1].ValueSpan))
        {
            return $"{Value}{extended.Groups[2].ValueSpan}";
        }

        if (Known().IsMatch(text) || text.Length > LongestName || text.AsSpan().IndexOfAny('/', '%', '\\') >= 0 || IsSymbols(text))
        {
            return Value;
        }

        // A template already, of whatever framework.
        if (text is [':', ..] or ['{', .., '}'] or ['<', .., '>'])
        {
            return segment;
        }

        return OfKey(text) ?? OfPair(text) ?? OfFile(text) ?? segment;
    }

    /// <summary>What a segment becomes that is a value, though it looks like a name: its extension stays.</summary>
    public static string ValueLike(string segment)
    {
        var dot = segment.LastIndexOf('.');
        return dot > 0 && IsExtension(segment.AsSpan(dot + 1)) ? $"{Value}{segment[dot..]}" : Value;
    }

    private static bool IsExtension(ReadOnlySpan<char> text) =>
        text.Length is >= 1 and <= LongestExtension && char.IsAsciiLetter(text[0]) && !text.ContainsAnyExcept(LettersAndDigits);

    /// <summary><c>Customers(17)</c>, as OData has it.</summary>
    private static string? OfKey(string text)
    {
        var open = text.IndexOf('(', StringComparison.Ordinal);
        var close = text.LastIndexOf(')');
        if (open <= 0 || close <= open + 1 || !char.IsAsciiLetter(text[0]))
        {
            return null;
        }

        var key = text[(open + 1)..close];
        var template = NamedKey().IsMatch(key)
            ? string.Join(',', key.Split(',').Select(part => OfKeyPart(part[..(part.IndexOf('=') + 1)], part)))
            : OfKeyPart("", key);
        return $"{text[..open]}({template}){text[(close + 1)..]}";
    }

    private static string OfKeyPart(string name, string part) => part[name.Length..] is ['\'', .., '\''] ? $"{name}'{Value}'" : $"{name}{Value}";

    /// <summary>As reactions are: nothing that a name is made of.</summary>
    private static bool IsSymbols(string text) => !text.Any(char.IsLetterOrDigit) && text.Any(c => !char.IsAscii(c));

    /// <summary>A name and a value with a sign between: <c>17:cancel</c>, <c>user:17</c>, <c>day=2026-01-31</c>, <c>library@1.2.3</c>.</summary>
    private static string? OfPair(string text)
    {
        var at = text.AsSpan(0, Math.Max(0, text.Length - 1)).LastIndexOfAny(':', '=', '@');
        if (at <= 0)
        {
            return null;
        }

        var (left, right) = (text[..at], text[(at + 1)..]);
        var (isLeft, isRight) = (IsValue(left), IsValue(right));
        return isLeft && (isRight || (text[at] == ':' && Host().IsMatch(right))) ? Value // !room:server.example
            : left.Contains(text[at], StringComparison.Ordinal) && (isLeft || isRight) ? Value // urn:isbn:…
            : isLeft ? $"{Value}{text[at]}{right}"
            : isRight ? $"{left}{text[at]}{Value}"
            : null;
    }

    private static bool IsValue(string text) =>
        Known().IsMatch(text) || OfPair(text) == Value || OfFile(text)?.StartsWith(Value, StringComparison.Ordinal) == true;

    /// <summary>Parts with dots between, of which the last may be an extension.</summary>
    /// <returns>Null where it is a name.</returns>
    private static string? OfFile(string text)
    {
        if (Release().Match(text) is { Success: true } release)
        {
            return $"{release.Groups[1].Value}{Value}{release.Groups[2].Value}";
        }

        var parts = text.Split('.');
        var isFile = parts.Length > 1 && IsExtension(parts[^1]);
        var found = false;
        for (var i = 0; i < parts.Length; i++)
        {
            if (OfPart(parts[i], isFile && i < parts.Length - 1) is { } template)
            {
                (parts[i], found) = (template, true);
            }
        }

        // The parts of a token are one value, and so is a name with a value in it that is no file's.
        return !found ? null : isFile ? string.Join('.', parts.Where((part, i) => i == 0 || part != Value || parts[i - 1] != Value)) : Value;
    }

    /// <returns>Null where it is a name.</returns>
    private static string? OfPart(string part, bool isFile)
    {
        var pieces = part.Split((char[])['-', '_', ' ', '+', '~', ',', '!', '*', '$', '|', '\''], StringSplitOptions.RemoveEmptyEntries);
        // main-3f9a1c2b.js and vendor-3f9a1c2b.js are two files.
        var hash = isFile ? part.AsSpan().LastIndexOfAny('-', '_') : -1;
        return hash > 0 && IsHash(part.AsSpan(hash + 1)) && !IsValue(part[..hash].Split('-', '_'), isFile) ? $"{part[..(hash + 1)]}{Value}"
            : pieces.Length > 0 && IsValue(pieces, isFile) ? Value
            : null;
    }

    private static bool IsValue(string[] pieces, bool isFile)
    {
        var isTitle = IsTitle(pieces);
        var (numbers, digits, words, codes) = (0, 0, 0, 0);
        foreach (var piece in pieces)
        {
            if (!piece.AsSpan().ContainsAnyExceptInRange('0', '9'))
            {
                numbers++;
                digits = Math.Max(digits, piece is ['0', _, _, ..] ? 5 : piece.Length); // Nobody counts pages from 001.
            }
            else if (!isTitle && (Size().IsMatch(piece) ? pieces.Length == 1 : IsRandom(piece)))
            {
                return true;
            }
            else
            {
                words++;
                codes += piece.AsSpan().ContainsAnyExcept(CapitalsAndDigits) ? 0 : 1;
            }
        }

        var isCode = pieces.Length > 1 && words == codes && pieces.Any(piece => piece.Any(char.IsAsciiDigit)); // ORD-2024-17, ABC-1
        return words == 0 || isCode || digits >= 5 || numbers >= 3
            || (words > 1 && IsNumberOfTitle(pieces[0])) // 1234-a-title
            || (pieces.Length == 1 && IsNumbered(pieces[0]))
            || (words == 1 && digits >= (isFile ? 4 : 3)) // order-123, but not top-10, icon-192.png nor best-films-of-2024
            || (pieces.Length > 1 && IsSuffix(pieces[^1])) || AreOneToken(pieces) || AreGroups(pieces);
    }

    /// <summary>Whether a number before words is an id of what they name; a year is part of the words, and so may be a shorter number.</summary>
    private static bool IsNumberOfTitle(string piece) =>
        piece.Length == 4 && !piece.AsSpan().ContainsAnyExceptInRange('0', '9') && piece is not (['1', '9', ..] or ['2', '0', ..]);

    /// <summary>A capital and a number, as the ids of Wikidata are: Q42.</summary>
    private static bool IsNumbered(string piece) =>
        piece.Length >= 3 && char.IsAsciiLetterUpper(piece[0]) && !piece.AsSpan(1).ContainsAnyExceptInRange('0', '9');

    /// <summary>A code in groups of one length: 80o-x6q-lcc.</summary>
    private static bool AreGroups(string[] pieces) =>
        pieces.Length >= 3 && pieces[0].Length is >= 3 and <= 6 && Array.TrueForAll(pieces, piece => piece.Length == pieces[0].Length)
            && pieces.Count(piece => DigitBeforeLetter().IsMatch(piece)) >= 2;

    /// <summary>
    /// Words in plain letters with one short thing of digits among them: file-your-form-1040a-online. At the end it would tell one text from another.
    /// </summary>
    private static bool IsTitle(string[] pieces)
    {
        var odd = Array.FindIndex(pieces, piece => !piece.All(char.IsAsciiLetterLower));
        return pieces.Length >= 4 && odd >= 0 && odd < pieces.Length - 1 && pieces[odd].Length <= 5
            && pieces.Skip(odd + 1).All(piece => piece.All(char.IsAsciiLetterLower));
    }

    /// <summary>The five characters that Kubernetes appends to a name; its alphabet leaves out those that could form a word.</summary>
    private static bool IsSuffix(string piece) =>
        piece.Length == 5 && !piece.AsSpan().ContainsAnyExcept(SuffixCharacters)
        && (piece.Any(char.IsAsciiDigit) ? piece.Count(char.IsAsciiDigit) > 1 || !char.IsAsciiDigit(piece[^1])
            : RouteWords.AreRandom(piece, isAmongDigits: true));

    /// <summary>Base64 as addresses have it may have separators within.</summary>
    private static bool AreOneToken(string[] pieces) =>
        pieces.Length is 2 or 3 && pieces.Any(piece => piece.Any(char.IsAsciiDigit))
            && !pieces.Any(piece => piece.Length >= 3 && piece.All(char.IsAsciiLetterLower))
        && pieces.Sum(piece => piece.Length) >= 8 && IsRandom(string.Concat(pieces));

    private static bool IsHash(ReadOnlySpan<char> piece) =>
        piece.Length >= HashLength && piece.ContainsAnyExceptInRange('0', '9') && IsRandom(piece, isHash: true);

    /// <summary>Whether the text between two separators is random, not a word.</summary>
    /// <param name="isHash">Whether it is where the hash of a file's content would be: then less is enough to tell.</param>
    private static bool IsRandom(ReadOnlySpan<char> piece, bool isHash = false)
    {
        var (digits, groups, letters) = (0, 0, 0);
        for (var i = 0; i < piece.Length; i++)
        {
            if (char.IsAsciiDigit(piece[i]))
            {
                groups += i > 0 && char.IsAsciiDigit(piece[i - 1]) ? 0 : 1;
                digits++;
            }
            else if (char.IsAsciiLetter(piece[i]))
            {
                letters++;
            }
            else
            {
                return false; // Letters of other scripts: a word.
            }
        }

        if (digits == 0)
        {
            return RouteWords.AreRandom(piece);
        }

        if (Version().IsMatch(piece) || RouteWords.IsStandard(piece)
            || (digits <= 2 && !HasManyTurns(piece) && (piece.Length <= 5 || (piece.Length == 6 && !piece.ContainsAnyInRange('A', 'Z')))))
        {
            return false; // v2beta1, k8s, s3, p95, log4j2
        }

        Span<char> rest = stackalloc char[letters];
        var at = 0;
        foreach (var c in piece)
        {
            if (char.IsAsciiLetter(c))
            {
                rest[at++] = c;
            }
        }

        // Capitals with digits within are a code, as a word in capitals has them behind it only.
        var isCapital = !rest.ContainsAnyExceptInRange('A', 'Z');
        var isCode = isCapital && (digits >= 3 || (piece.Length >= CodeLength && piece[..^digits].ContainsAnyInRange('0', '9')));
        if (digits >= 4 || isCode || RouteWords.AreRandom(rest, isAmongDigits: true) || (groups > 1 && RouteWords.HasShortParts(rest, least: 14, most: 3.4))
            || (isHash && RouteWords.HasShortParts(rest, least: 6)))
        {
            return true;
        }

        // Several groups of digits belong to a name only if there is a word for each, as in GetV2Status2.
        return groups > 1 && letters < groups * 4;
    }

    /// <summary>Whether letters and digits take turns, as in no name.</summary>
    private static bool HasManyTurns(ReadOnlySpan<char> piece)
    {
        var turns = 0;
        for (var i = 1; i < piece.Length; i++)
        {
            turns += char.IsAsciiDigit(piece[i]) == char.IsAsciiDigit(piece[i - 1]) ? 0 : 1;
        }

        return turns >= 4;
    }

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(?::\d+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Host();

    // v1, v1.2, v2beta1, v1p1beta1, v2021-06-07; 1.0-preview is none: that is a release.
    [GeneratedRegex(@"^[vV](?:\d{8}|\d{4}-\d{2}-\d{2}|\d{1,4}(?:\.\d{1,4})?(?:p\d{1,2})?)(?:(?:alpha|beta|rc|pre|preview|p|b|a)\d{0,3})?$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Version();

    [GeneratedRegex(@"^[45]\d\d\.html?$", RegexOptions.CultureInvariant)]
    private static partial Regex ErrorPage();

    [GeneratedRegex(@"^[A-Za-z_]\w*=[^,=]+(?:,[A-Za-z_]\w*=[^,=]+)*$", RegexOptions.CultureInvariant)]
    private static partial Regex NamedKey();

    /// <summary>What may be a value, and the extension of a file that is called so.</summary>
    [GeneratedRegex(@"^([^@]+?)((?:\.tar)?\.(?!alpha|beta|rc|preview|dev|snapshot|final|release)[A-Za-z][A-Za-z0-9]{1,6})$", RegexOptions.CultureInvariant)]
    private static partial Regex Extended();

    [GeneratedRegex("[0-9][A-Za-z]", RegexOptions.CultureInvariant)]
    private static partial Regex DigitBeforeLetter();

    [GeneratedRegex(@"^\d{1,4}x\d{1,4}$", RegexOptions.CultureInvariant)]
    private static partial Regex Size();

    /// <summary>A file's name, the version of a release of it, and what follows.</summary>
    [GeneratedRegex(@"^([A-Za-z][\w.-]*?[-_])v?\d+\.\d+(?:\.\d+)*(?:[-.](?:alpha|beta|rc|preview|dev|snapshot)[.-]?\d*|-\d[\w.+~]*?(?=_))?"
        + @"((?:[-_][A-Za-z][A-Za-z0-9]*)*(?:\.[A-Za-z][A-Za-z0-9]{0,4})+)$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Release();

    // In order: numbers, also signed and lists of them; UUIDs; dates, weeks, quarters and times; addresses of networks and of mail; versions of releases;
    // numbers to the base of 16; base64 with its padding; digests.
    [GeneratedRegex("""
        ^(?:
            [+-]?\d+(?:[.,]-?\d+)*
          | \{?[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\}?
          | \d{4}-\d{2}(?:-\d{2}(?:[Tt\ _][\d:.,]+(?:[Zz]|[+-]\d{2}:?\d{2})?)?)?
          | \d{4}-?[Ww]\d{2}(?:-?\d)? | \d{4}-?[Qq][1-4] | \d{8}[Tt]\d{4,6}(?:[Zz]|[+-]\d{2}:?\d{2})?
          | \d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?
          | (?:[0-9a-fA-F]{2}[:-]){5}(?:[0-9a-fA-F]{2}[:-]?){1,3} | (?:[0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4}
          | (?=[^:]*:[^:]*:)[0-9a-fA-F:]*[0-9a-fA-F:.]{2,} | \d{1,3}(?:\.\d{1,3}){3}(?::\d+|/\d+)
          | [^@\s/]+@(?!\dx\.)[^@\s/]+\.[A-Za-z]{2,}
          | [vV]?\d+(?:\.\d+){2,}(?:[-+.][0-9A-Za-z.+-]+)? | [vV]?\d+(?:\.\d+)+[-+.]?(?:alpha|beta|rc|preview|dev|snapshot)[0-9A-Za-z.+-]*
          | 0[xX][0-9a-fA-F]+
          | [A-Za-z0-9+/_-]{6,}={1,2}
          | (?:sha\d{1,3}|md5):[0-9a-fA-F]{16,}
        )$
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    private static partial Regex Known();
}
