namespace Bayou.Metrics;

/// <summary>
/// Counts by a small code, ascending by code. Most windows have one or two codes, so the first is held in place and there is no
/// array until there is a second.
/// </summary>
internal struct Tally
{
    private (ushort Code, long Count) _first;
    private (ushort Code, long Count)[]? _more;

    public int Length { get; private set; }

    public readonly (ushort Code, long Count) this[int index] => index == 0 ? _first : _more![index - 1];

    public void Add(ushort code, long count)
    {
        if (Length > 0 && _first.Code == code)
        {
            _first.Count += count;
        }
        else if (Length == 0)
        {
            (_first, Length) = ((code, count), 1);
        }
        else if (code < _first.Code)
        {
            Insert(0, _first);
            _first = (code, count);
        }
        else
        {
            var at = Find(code);
            if (at >= 0)
            {
                _more![at].Count += count;
            }
            else
            {
                Insert(~at, (code, count));
            }
        }
    }

    public void Clear() => Length = 0;

    private readonly int Find(ushort code)
    {
        var (from, to) = (0, Length - 2);
        while (from <= to)
        {
            var middle = (from + to) / 2;
            if (_more![middle].Code == code)
            {
                return middle;
            }

            (from, to) = _more[middle].Code < code ? (middle + 1, to) : (from, middle - 1);
        }

        return ~from;
    }

    private void Insert(int at, (ushort, long) pair)
    {
        var held = Length - 1;
        if (_more is null || held == _more.Length)
        {
            Array.Resize(ref _more, Math.Max(2, held * 2));
        }

        Array.Copy(_more, at, _more, at + 1, held - at);
        _more[at] = pair;
        Length++;
    }
}
