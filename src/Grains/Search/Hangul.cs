namespace Bayou.Search;

/// <summary>Joins the letters of Korean into the syllables that they are written as (the Unicode Standard, section 3.12: Conjoining Jamo Behavior).</summary>
internal static class Hangul
{
    private const int FirstLead = 0x1100, FirstVowel = 0x1161, BeforeFirstTail = 0x11A7, FirstSyllable = 0xAC00;
    private const int Leads = 19, Vowels = 21, Tails = 28;

    /// <summary>The syllable of a lead and a vowel, or of such a syllable and a tail; null where the two do not join.</summary>
    public static char? Joined(char before, char next)
    {
        if (before - FirstLead is >= 0 and < Leads && next - FirstVowel is >= 0 and < Vowels)
        {
            return (char)(FirstSyllable + ((((before - FirstLead) * Vowels) + next - FirstVowel) * Tails));
        }

        var syllable = before - FirstSyllable;
        return syllable is >= 0 and < Leads * Vowels * Tails && syllable % Tails == 0 && next - BeforeFirstTail is > 0 and < Tails
            ? (char)(before + (next - BeforeFirstTail))
            : null;
    }
}
