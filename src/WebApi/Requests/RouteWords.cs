using System.Text.RegularExpressions;

namespace Bayou.Requests;

/// <summary>
/// Tells names from random letters, without a dictionary: by how likely each letter follows the one before it in English and in programs, and by how
/// capitals divide a name.
/// </summary>
internal static partial class RouteWords
{
    // Bits, -log2 P(column | row) and at most 9, of the words that occur five times or more in the documentation of a Debian system.
    private const string Pairs = """
        75448757586343958343567767
        36663767368367369446389758
        38573783484478279464589977
        36752677387566379556577978
        56446667597453767234767568
        48663478299477369445498969
        47662755498464469345488978
        28772887397566379464597969
        55454559987452469544859796
        27652678475666357746376998
        37762766386566369544586968
        37752778297377379855579959
        25762879397657439856589969
        47433537486675479743568978
        65446658686442549345455788
        38663775497477349354598969
        57765778599576678556179999
        37552768396655369544568968
        48473774396567448742487957
        37672784397667469345587857
        54554558487443749333888787
        28671779399767479666888889
        27553775297564469446687869
        46453576398556538652677567
        46564657596444539534576877
        37672786398566489765496955
        """;

    private const int RowLength = 27; // with its line break

    private static readonly System.Buffers.SearchValues<char> Vowels = System.Buffers.SearchValues.Create("aeiouyAEIOUY");

    /// <summary>Whether letters are no name that anybody would give.</summary>
    /// <param name="letters">ASCII letters only.</param>
    /// <param name="isAmongDigits">Names with digits in them are rare, so less is enough to tell.</param>
    public static bool AreRandom(ReadOnlySpan<char> letters, bool isAmongDigits = false)
    {
        var (pairs, bits) = (0, 0);
        for (var i = 1; i < letters.Length; i++)
        {
            if (!BeginsPart(letters, i))
            {
                pairs++;
                bits += Pairs[((letters[i - 1] | 0x20) - 'a') * RowLength + ((letters[i] | 0x20) - 'a')] - '0';
            }
        }

        if (HasShortParts(letters, least: 8, isAmongDigits ? 2.8 : 2.4))
        {
            return true;
        }

        var most = isAmongDigits ? pairs switch { < 4 => double.PositiveInfinity, 4 => 6.2, _ => 5.2 }
            : pairs switch { < 7 => double.PositiveInfinity, < 11 => 6.0, < 16 => 5.5, _ => 5.1 };
        return (double)bits / pairs > most;
    }

    /// <summary>Whether its capitals split it into many parts of hardly more than two letters, as in no name.</summary>
    /// <param name="least">Letters it must have to tell.</param>
    /// <param name="most">Letters of a part, on average.</param>
    public static bool HasShortParts(ReadOnlySpan<char> letters, int least, double most = 2.8)
    {
        var (parts, inWords, begin) = (0, 0, 0);
        for (var i = 1; i <= letters.Length; i++)
        {
            if (i == letters.Length || BeginsPart(letters, i))
            {
                parts++;
                inWords += i - begin >= 4 && letters[begin..i].ContainsAny(Vowels) ? i - begin : 0;
                begin = i;
            }
        }

        return letters.Length >= least && parts >= 3 && (double)letters.Length / parts < most && inWords < letters.Length * 0.6;
    }

    /// <summary>
    /// Whether it is the name of a standard, an algorithm, a format or a part, which has a number: <c>iso20022</c>, <c>sha3-256</c>, <c>1080p</c>,
    /// <c>esp8266</c>.
    /// </summary>
    public static bool IsStandard(ReadOnlySpan<char> name) => Standard().IsMatch(name);

    /// <summary>Whether it is of several words with capitals between, as programs name what they do: <c>GetOrder</c>.</summary>
    public static bool IsOfProgram(ReadOnlySpan<char> name)
    {
        for (var i = 1; i < name.Length; i++)
        {
            if (char.IsAsciiLetter(name[i]) && char.IsAsciiLetter(name[i - 1]) && BeginsPart(name, i))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>As in getOrder and HTTPServer: a capital after a small letter, or before one.</summary>
    private static bool BeginsPart(ReadOnlySpan<char> letters, int at) =>
        char.IsAsciiLetterUpper(letters[at])
            && (char.IsAsciiLetterLower(letters[at - 1]) || (at + 1 < letters.Length && char.IsAsciiLetterLower(letters[at + 1])));

    // Bodies that publish them; ciphers, digests and curves; character sets; messages of banks (ISO 20022), health and trade; media; boards and processors.
    [GeneratedRegex("""
        ^(?:
            (?:iso|iec|ieee|rfc|din|ansi|fips|pkcs|soc)[-_]?\d{1,5}
          | (?:sha[123]?|rsa|aes|ecdsa|hmac|ripemd|blake|keccak|crc|secp|curve)[-_]?\d{1,5}(?:[a-z]\d)?(?:[-_](?:\d{3,4}|gcm|cbc|ctr))?
          | md[45] | ed25519 | ed448 | x25519 | x509 | [rhep]s(?:256|384|512)
          | (?:utf|ucs|latin|windows|cp|gb|base|euc|koi)[-_]?\d{1,5}
          | (?:pain|pacs|camt|acmt|auth|reda)\.?\d{3}(?:[-_.][a-z_-]+|\.\d{3}\.\d{2})* | mt\d{3} | hl7(?:v\d)? | x12 | edi\d{3}
          | \d{3,4}[pi] | [hH]\.?26\d
          | (?:esp|stm|nrf|atmega|rp|bcm)\d{2,6}
        )$
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Standard();
}
