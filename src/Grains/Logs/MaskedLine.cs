namespace Bayou.Logs;

/// <summary>Writes a masked line word by word.</summary>
internal ref struct MaskedLine(Span<char> output)
{
    private readonly Span<char> _output = output;
    private int _word; // where the present word begins
    private int _last = -1; // where the one before it began

    public int Length { get; private set; }

    public void Begin()
    {
        if (Length > 0)
        {
            _output[Length++] = ' ';
        }

        _word = Length;
    }

    /// <summary>A word that repeats the one before it and varies is one of a list; how many it has makes no difference.</summary>
    public void End()
    {
        var word = _output[_word..Length];
        if (_last >= 0 && word.Contains(LineMask.Variable) && word.SequenceEqual(_output[_last..(_word - 1)]))
        {
            Length = _word - 1;
            _word = _last;
            return;
        }

        // Behind a value, one without a letter is a part of it: 12 [7], chrome.exe *64.
        if (_last >= 0 && _word - 1 - _last == 1 && _output[_last] == LineMask.Variable && word.Length > 1 && word.Contains(LineMask.Variable)
            && !word.ContainsAny(LineValues.Letters))
        {
            Length = _word - 1;
            _word = _last;
            return;
        }

        if (_last >= 0 && word.Length is 3 or 4 && word[0] == '(' && word[1] == LineMask.Variable && word[2] == ')')
        {
            Length = _word - 1; // What is in brackets behind a value says it once more, or is left out.
            return;
        }

        _last = _word;
    }

    public void Write(char c) => _output[Length++] = c;

    public void Write(scoped ReadOnlySpan<char> text)
    {
        text.CopyTo(_output[Length..]);
        Length += text.Length;
    }

    /// <summary>Variables that only punctuation joins are one.</summary>
    public void Variable()
    {
        var before = Length;
        while (before > _word && _output[before - 1] is '-' or '+' or '.' or ':' or ',' or '/' or '_' or '#')
        {
            before--;
        }

        if (before > _word && _output[before - 1] == LineMask.Variable)
        {
            Length = before;
            return;
        }

        _output[Length++] = LineMask.Variable;
    }

    /// <summary>A name with dots of which a part varies, as that of a host or file, varies as a whole.</summary>
    public void CloseHost(int begin)
    {
        if (begin >= Length)
        {
            return; // All of it went into the variable before it.
        }

        var segment = _output[begin..Length];
        var (variable, dot) = (segment.IndexOf(LineMask.Variable), segment.LastIndexOf('.'));
        if (variable < 0 || dot < variable || dot == segment.Length - 1)
        {
            return;
        }

        foreach (var c in segment)
        {
            if (c != LineMask.Variable && c is not ('.' or '-') && !LineValues.IsWordChar(c))
            {
                return;
            }
        }

        Length = begin;
        Variable();
    }
}
