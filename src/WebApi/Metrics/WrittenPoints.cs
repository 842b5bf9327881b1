using System.Buffers;
using System.Text.Json;
using Bayou.Http;

namespace Bayou.Metrics;

/// <summary>
/// Points of an answer, written while what is next is still being read, in whatever order that comes. They are kept in rented memory: of
/// thousands of points nothing is left to collect.
/// </summary>
internal sealed class WrittenPoints : IBufferWriter<byte>, IDisposable
{
    private const int SmallestRoom = 512; // more than most points

    private readonly Utf8JsonWriter _json;
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(64 * 1024);
    private (DateTime Start, int Group)[] _keys = ArrayPool<(DateTime, int)>.Shared.Rent(256);
    private (int From, int Length)[] _places = ArrayPool<(int, int)>.Shared.Rent(256);
    private int _length;
    private int _from;

    public WrittenPoints() => _json = new(this);

    public int Count { get; private set; }

    /// <summary>Begins a point; its members are written here, then <see cref="End"/> is called.</summary>
    public Utf8JsonWriter Begin()
    {
        _from = _length;
        _json.Reset();
        _json.WriteStartObject();
        return _json;
    }

    /// <param name="group">The point's place among those of the same start.</param>
    public void End(DateTime start, int group)
    {
        _json.WriteEndObject();
        _json.Flush();
        if (Count == _keys.Length)
        {
            RentedArray.Enlarge(ref _keys, Count, 2 * Count);
            RentedArray.Enlarge(ref _places, Count, 2 * Count);
        }

        _keys[Count] = (start, group);
        _places[Count++] = (_from, _length - _from);
    }

    /// <summary>All of them by start, then group; good until this is disposed of.</summary>
    public IEnumerable<WrittenJson> InOrder()
    {
        _keys.AsSpan(0, Count).Sort(_places.AsSpan(0, Count));
        return _places.Take(Count).Select(place => new WrittenJson(_bytes.AsMemory(place.From, place.Length)));
    }

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(_length);
    }

    public void Dispose()
    {
        _json.Dispose();
        ArrayPool<byte>.Shared.Return(_bytes);
        ArrayPool<(DateTime, int)>.Shared.Return(_keys);
        ArrayPool<(int, int)>.Shared.Return(_places);
        (_bytes, _keys, _places, Count) = ([], [], [], 0);
    }

    private void Reserve(int bytes)
    {
        var needed = _length + Math.Max(bytes, SmallestRoom);
        if (needed > _bytes.Length)
        {
            RentedArray.Enlarge(ref _bytes, _length, Math.Max(needed, 2 * _bytes.Length));
        }
    }
}
