using System.Buffers;

namespace Bayou.Ingest;

/// <summary>
/// Cuts a body into its items without parsing them, so that a bad item spoils no other: the elements of a JSON
/// array, the lines of NDJSON, or objects that are each written over several lines. A byte order mark before an item is skipped, as
/// files that were put one behind the other have it.
/// </summary>
internal ref struct ItemSplitter
{
    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[],"u8);
    private static readonly SearchValues<byte> InString = SearchValues.Create("\"\\"u8);

    private static ReadOnlySpan<byte> Blank => " \t\r\n"u8;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private readonly bool _isArray;
    private bool _isSpread; // objects over several lines
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
        else if (_rest.IndexOf((byte)'\n') is var line and >= 0 && _rest[0] == '{')
        {
            _isSpread = EndOfObject() > line;
        }
    }

    /// <summary>Why the body as a whole cannot be cut up; null while it can.</summary>
    public string? Error { get; private set; }

    public ReadOnlySpan<byte> Current { get; private set; }

    public bool MoveNext() => _isArray ? NextElement() : (_isSpread && NextObject()) || NextLine();

    /// <returns>False where no object begins, or it does not end; then lines are taken.</returns>
    private bool NextObject()
    {
        _rest = SkipBlank(_rest);
        var end = !_rest.IsEmpty && _rest[0] == '{' ? EndOfObject() : -1;
        if (end < 0)
        {
            _isSpread = false;
            return false;
        }

        Current = _rest[..end];
        _rest = _rest[end..];
        return true;
    }

    /// <summary>End of the object that the rest begins with; -1 if it does not end, or a string in it has a line break, which JSON forbids.</summary>
    private readonly int EndOfObject()
    {
        for (int at = 0, depth = 0; ; at++)
        {
            var step = _rest[at..].IndexOfAny(Structure);
            if (step < 0)
            {
                return -1;
            }

            at += step;
            switch (_rest[at])
            {
                case (byte)'"':
                    var end = EndOfString(at + 1);
                    if (end < 0 || _rest[at..end].Contains((byte)'\n'))
                    {
                        return -1;
                    }

                    at = end;
                    break;
                case (byte)'{' or (byte)'[':
                    depth++;
                    break;
                case (byte)'}' or (byte)']' when --depth == 0:
                    return at + 1;
            }
        }
    }

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
        while (true)
        {
            span = span.TrimStart(Blank);
            if (!span.StartsWith(ByteOrderMark))
            {
                return span;
            }

            span = span[ByteOrderMark.Length..];
        }
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> span) => SkipBlank(span).TrimEnd(Blank);
}
