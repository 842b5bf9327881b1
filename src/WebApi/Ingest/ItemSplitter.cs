using System.Buffers;

namespace Bayou.Ingest;

/// <summary>
/// Cuts a body into its items without parsing them, so that a bad item spoils no other: the elements of a JSON
/// array, or the lines of NDJSON.
/// </summary>
internal ref struct ItemSplitter
{
    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[],"u8);
    private static readonly SearchValues<byte> InString = SearchValues.Create("\"\\"u8);
    private const string Blank = " \t\r\n";

    private readonly bool _isArray;
    private ReadOnlySpan<byte> _rest;
    private bool _ended;

    public ItemSplitter(ReadOnlySpan<byte> body)
    {
        _rest = SkipBlank(body);
        _isArray = !_rest.IsEmpty && _rest[0] == '[';
        if (_isArray)
        {
            _rest = SkipBlank(_rest[1..]);
            if (!_rest.IsEmpty && _rest[0] == ']')
            {
                End(_rest[1..]);
            }
        }
    }

    /// <summary>Why the body as a whole cannot be cut up; null while it can.</summary>
    public string? Error { get; private set; }

    public ReadOnlySpan<byte> Current { get; private set; }

    public bool MoveNext() => _isArray ? NextElement() : NextLine();

    private bool NextLine()
    {
        while (!_rest.IsEmpty)
        {
            var end = _rest.IndexOf((byte)'\n');
            Current = Trim(end < 0 ? _rest : _rest[..end]);
            _rest = end < 0 ? [] : _rest[(end + 1)..];
            if (!Current.IsEmpty)
            {
                return true;
            }
        }

        return false;
    }

    private bool NextElement()
    {
        if (_ended || Error is not null)
        {
            return false;
        }

        var depth = 0;
        for (var at = 0; ;)
        {
            var step = _rest[at..].IndexOfAny(Structure);
            if (step < 0)
            {
                Error = "the JSON array is cut short";
                return false;
            }

            at += step;
            var what = _rest[at];
            if (what == '"')
            {
                at = EndOfString(at + 1);
                if (at < 0)
                {
                    Error = "the JSON array is cut short inside a string";
                    return false;
                }
            }
            else if (what is (byte)'{' or (byte)'[')
            {
                depth++;
            }
            else if (depth == 0 && (what == ',' || what == ']'))
            {
                Current = Trim(_rest[..at]);
                var after = _rest[(at + 1)..];
                if (what == ']')
                {
                    End(after);
                }

                _rest = after;
                return Error is null;
            }
            else if (what is (byte)'}' or (byte)']')
            {
                depth--;
            }

            at++;
        }
    }

    /// <returns>The index of the closing quote, or -1.</returns>
    private readonly int EndOfString(int at)
    {
        while (true)
        {
            var step = _rest[at..].IndexOfAny(InString);
            if (step < 0)
            {
                return -1;
            }

            at += step;
            if (_rest[at] == '"')
            {
                return at;
            }

            at += 2;
            if (at > _rest.Length)
            {
                return -1;
            }
        }
    }

    private void End(ReadOnlySpan<byte> after)
    {
        _ended = true;
        if (!SkipBlank(after).IsEmpty)
        {
            Error = "something follows the end of the JSON array";
        }
    }

    private static ReadOnlySpan<byte> SkipBlank(ReadOnlySpan<byte> span)
    {
        var at = 0;
        while (at < span.Length && Blank.Contains((char)span[at], StringComparison.Ordinal))
        {
            at++;
        }

        return span[at..];
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> span) => SkipBlank(span).TrimEnd(" \t\r\n"u8);
}
