using System.Buffers;

namespace Bayou.Http;

/// <summary>Arrays of the shared pool that turn out too small.</summary>
internal static class RentedArray
{
    /// <summary>Rents one that holds <paramref name="size"/> or more, copies what is used, and gives back the old one.</summary>
    public static void Enlarge<T>(ref T[] array, int used, int size)
    {
        var larger = ArrayPool<T>.Shared.Rent(size);
        array.AsSpan(0, used).CopyTo(larger);
        ArrayPool<T>.Shared.Return(array);
        array = larger;
    }
}
