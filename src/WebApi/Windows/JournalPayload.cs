using System.Buffers;
using System.Runtime.CompilerServices;
using Bayou.Metrics;
using Bayou.Requests;

namespace Bayou.Windows;

/// <summary>
/// Writes one journal row's content: a format byte, then for each series and window what was observed, all numbers as varints: the total
/// service's series (0: as before), the series, the minute since the epoch (its distance from the one before, zigzag), the number of observations; then
/// a single one as it is (twice the status, and one more where two letters of a country follow; duration, request and response size), several
/// as <see cref="WindowFigures.Write"/> has them. Everything in a row counts in its series and in its whole service's; countries in the latter only.
/// Keeps its room from row to row. Not thread-safe.
/// </summary>
internal sealed class JournalPayload
{
    public const byte Format = 2;

    private readonly ArrayBufferWriter<byte> _output = new(1024);
    private readonly WindowFigures _sum = new();
    private JournalItem[] _items = [];
    private ulong[] _keys = []; // minute, then series: whoever adds them up finds those of one whole service side by side
    private int[] _order = [];

    /// <returns>Empty when there are no observations; good until the next call.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // Called seldom, and at length: not to be slow until it has been called often.
    public ReadOnlyMemory<byte> Write(IReadOnlyList<ObservationBatch> batches)
    {
        _output.ResetWrittenCount();
        var count = Gather(batches);
        if (count == 0)
        {
            return default;
        }

        _keys.AsSpan(0, count).Sort(_order.AsSpan(0, count));
        _output.Write([Format]);
        var (total, minute) = (0, 0);
        for (var (from, to) = (0, 0); from < count; from = to)
        {
            while (to < count && _keys[to] == _keys[from])
            {
                to++;
            }

            ref var first = ref _items[_order[from]];
            Varint.Write(_output, first.Total == total ? 0 : first.Total);
            Varint.Write(_output, first.Series);
            Varint.Write(_output, ZigZag(first.Minute - minute));
            var times = to - from + OthersOf(_order.AsSpan(from, to - from));
            Varint.Write(_output, times);
            (total, minute) = (first.Total, first.Minute);
            if (times == 1)
            {
                WriteSingle(first);
                continue;
            }

            _sum.Clear();
            foreach (var at in _order.AsSpan(from, to - from))
            {
                ref var one = ref _items[at];
                _sum.Add(one.Status, one.DurationMicros, one.RequestBytes, one.ResponseBytes, one.Country, 1 + one.Others);
            }

            _sum.Write(_output);
        }

        return _output.WrittenMemory;
    }

    private long OthersOf(ReadOnlySpan<int> places)
    {
        var others = 0L;
        foreach (var at in places)
        {
            others += _items[at].Others;
        }

        return others;
    }

    private void WriteSingle(in JournalItem item)
    {
        Varint.Write(_output, (item.Status << 1) | (item.Country == 0 ? 0 : 1));
        if (item.Country != 0)
        {
            _output.Write([(byte)(item.Country >> 8), (byte)item.Country]);
        }

        Varint.Write(_output, item.DurationMicros);
        Varint.Write(_output, item.RequestBytes);
        Varint.Write(_output, item.ResponseBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // Called seldom, and at length: not to be slow until it has been called often.
    private int Gather(IReadOnlyList<ObservationBatch> batches)
    {
        var count = batches.Sum(batch => batch.Count);
        if (_items.Length < count)
        {
            (_items, _keys, _order) = (new JournalItem[count], new ulong[count], new int[count]);
        }

        var at = 0;
        foreach (var batch in batches)
        {
            batch.Items.CopyTo(_items.AsSpan(at));
            at += batch.Count;
        }

        for (var i = 0; i < count; i++)
        {
            _keys[i] = ((ulong)(uint)_items[i].Minute << 32) | (uint)_items[i].Series;
            _order[i] = i;
        }

        return count;
    }

    private static long ZigZag(int value) => (uint)((value << 1) ^ (value >> 31));
}

/// <summary>
/// Reads a journal row window by window: after each <see cref="MoveNext"/> one <see cref="AddTo"/>. The first format, too: there each window
/// has its length, and whole services stand beside the others.
/// </summary>
internal ref struct JournalReader
{
    private const byte FirstFormat = 1;

    private readonly bool _isFirst;
    private ReadOnlySpan<byte> _rest;
    private int _total;
    private int _minute;
    private long _count;

    /// <exception cref="InvalidDataException">The payload is not in a known format.</exception>
    public JournalReader(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty || payload[0] is not (FirstFormat or JournalPayload.Format))
        {
            throw new InvalidDataException($"A journal row in format {(payload.IsEmpty ? -1 : payload[0])}; this version reads up to {JournalPayload.Format}.");
        }

        _isFirst = payload[0] == FirstFormat;
        _rest = payload[1..];
    }

    public WindowKey Window { get; private set; }

    /// <summary>The whole service's window, in which all of it counts too; null where that stands beside it.</summary>
    public readonly WindowKey? Total => _isFirst ? null : new(_total, Window.StartUnix);

    /// <exception cref="InvalidDataException">The payload is cut short.</exception>
    public bool MoveNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        if (_isFirst)
        {
            Window = new((int)Varint.Read(ref _rest), Varint.Read(ref _rest) * WindowKey.Seconds);
            Varint.Read(ref _rest); // How long it is.
            return true;
        }

        var total = (int)Varint.Read(ref _rest);
        _total = total == 0 ? _total : total;
        var series = (int)Varint.Read(ref _rest);
        var step = (uint)Varint.Read(ref _rest);
        _minute += (int)(step >> 1) ^ -(int)(step & 1);
        _count = Varint.Read(ref _rest);
        Window = new(series, (long)_minute * WindowKey.Seconds);
        return true;
    }

    /// <summary>Adds what was observed to its window, and to its whole service's.</summary>
    /// <param name="total">Null where there is no <see cref="Total"/>.</param>
    /// <exception cref="InvalidDataException">The payload is cut short.</exception>
    public void AddTo(WindowFigures window, WindowFigures? total)
    {
        if (_isFirst)
        {
            window.MergeFrom(ref _rest);
            return;
        }

        if (_count != 1)
        {
            var again = _rest;
            window.MergeFrom(ref _rest, countries: false);
            total!.MergeFrom(ref again);
            return;
        }

        var status = Varint.Read(ref _rest);
        var country = (ushort)0;
        if ((status & 1) != 0)
        {
            country = _rest.Length >= 2 ? CountryCode.Of(_rest[0], _rest[1]) : throw new InvalidDataException("A journal row is cut short.");
            _rest = _rest[2..];
        }

        var (micros, requestBytes, responseBytes) = (Varint.Read(ref _rest), Varint.Read(ref _rest), Varint.Read(ref _rest));
        window.Add((int)(status >> 1), micros, requestBytes, responseBytes);
        total!.Add((int)(status >> 1), micros, requestBytes, responseBytes, country);
    }
}
