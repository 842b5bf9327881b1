namespace Bayou.Requests;

public sealed class SeriesKeyTests
{
    /// <summary>Of 29,403 keys of three letters, a hash of 32 bits makes 0.1 pairs collide; one whose rounds cancel out makes thousands.</summary>
    [Fact]
    public void Short_keys_that_a_sender_chose_hardly_collide()
    {
        var comparer = new Utf8Comparer();
        var keys = Enumerable.Range(5, 5).SelectMany(Keys).ToList();
        Assert.Equal(29_403, keys.Count);
        var hashes = keys.Select(key => comparer.GetHashCode(key)).ToHashSet();
        Assert.InRange(hashes.Count, keys.Count - 5, keys.Count);
    }

    [Fact]
    public void A_span_is_found_where_its_bytes_were_put()
    {
        var known = new Dictionary<byte[], int>(new Utf8Comparer());
        var keys = Enumerable.Range(0, 6).SelectMany(Keys).ToList();
        foreach (var key in keys)
        {
            known[key] = known.Count;
        }

        Assert.Equal(keys.Count, known.Count);
        var bySpan = known.GetAlternateLookup<ReadOnlySpan<byte>>();
        Assert.All(keys, (key, index) => Assert.Equal(index, bySpan[key.AsSpan()]));
        Assert.False(bySpan.ContainsKey("aaaaab"u8));
    }

    private static IEnumerable<byte[]> Keys(int length)
    {
        IEnumerable<byte[]> keys = [[]];
        for (var i = 0; i < length; i++)
        {
            keys = keys.SelectMany(key => "abc"u8.ToArray().Select(letter => (byte[])[.. key, letter]));
        }

        return keys;
    }
}
