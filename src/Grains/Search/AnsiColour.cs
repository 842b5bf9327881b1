namespace Bayou.Search;

/// <summary>The terminal's colours in a text: no part of what it says (ECMA-48: ESC [ parameters, and what ends them).</summary>
internal static class AnsiColour
{
    public const char Escape = '\u001b';

    /// <summary>The length of the one that a text begins with; 0 where it begins with none.</summary>
    public static int Length(ReadOnlySpan<char> text)
    {
        if (text is not [Escape, '[', .. var rest])
        {
            return 0;
        }

        var end = rest.IndexOfAnyInRange('@', '~');
        return end < 0 ? text.Length : end + 3;
    }
}
