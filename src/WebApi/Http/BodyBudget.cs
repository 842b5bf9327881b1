using System.Buffers;

namespace Bayou.Http;

/// <summary>
/// The memory that bodies on their way may take together, by what has arrived of them and not by what their senders announce. Small ones have a quarter of
/// it to themselves, so that whoever fills the rest with large ones keeps nobody else out.
/// </summary>
internal sealed class BodyBudget(long bytes)
{
    /// <summary>Bytes of a small body.</summary>
    public const int Small = 256 * 1024;

    private const long Least = 64L * 1024 * 1024; // Four of the largest bodies.
    private const long Most = 1024L * 1024 * 1024;

    private long _taken;

    /// <summary>An eighth of the memory that the collector may use.</summary>
    public static BodyBudget OfThisMachine => new(Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8, Least, Most));

    /// <summary>Bytes of a body that always finds room where no other has it.</summary>
    public int Largest => (int)Math.Min(int.MaxValue, bytes / 4 * 3 / 2); // Its buffer may be twice as large.

    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Takes more for a body.</summary>
    /// <param name="size">Of the body's memory then.</param>
    public bool TryTake(long more, long size)
    {
        if (Interlocked.Add(ref _taken, more) <= (size <= Small ? bytes : bytes / 4 * 3))
        {
            return true;
        }

        Give(more);
        return false;
    }

    public void Give(long back) => Interlocked.Add(ref _taken, -back);
}

/// <summary>A body as far as it has arrived, in memory within the budget.</summary>
internal sealed class BodyBuffer(BodyBudget budget) : IDisposable
{
    private byte[] _array = [];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Bytes => _array.AsMemory(0, Length);

    /// <summary>Where more of it goes.</summary>
    public Memory<byte> Free => _array.AsMemory(Length);

    public Stream AsStream() => new MemoryStream(_array, 0, Length, writable: false);

    public void Advance(int more) => Length += more;

    /// <summary>Makes room; what is there is kept.</summary>
    /// <returns>False when the budget has no more.</returns>
    public bool TryEnlarge(int size)
    {
        if (!budget.TryTake(size - _array.Length, size))
        {
            return false; // Before there is an array: those over the budget are what it is for.
        }

        // A rented array is as large as its pool has it; that is what is counted. The pool keeps some for each thread, which no budget counts: so only small
        // ones.
        var larger = size <= BodyBudget.Small ? ArrayPool<byte>.Shared.Rent(size) : GC.AllocateUninitializedArray<byte>(size);
        budget.Give(size - larger.Length);
        Bytes.CopyTo(larger);
        Return(_array);
        _array = larger;
        return true;
    }

    public void Dispose()
    {
        budget.Give(_array.Length);
        Return(_array);
        (_array, Length) = ([], 0);
    }

    private static void Return(byte[] array)
    {
        if (array.Length is > 0 and <= BodyBudget.Small)
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }
}
