namespace Bayou.Logs;

/// <summary>The miner on its own: finds the patterns of lines that nobody else sees, and numbers them from 1.</summary>
/// <param name="most">Patterns that are kept apart at most.</param>
internal sealed class LocalPatterns(int most = LocalPatterns.Most)
{
    /// <summary>The pattern of whatever comes when there is no room for more.</summary>
    public const int Other = 0;

    /// <summary>More than any program has log statements.</summary>
    public const int Most = 20_000;

    private readonly PatternBook _book = new();
    private PatternMiner? _miner;

    /// <summary>Patterns, merged ones among them.</summary>
    public int Count => _book.Count;

    /// <summary>The pattern that a line follows. Its number stays; when it turns out to be the same as an earlier one, <see cref="Resolve"/> says so.</summary>
    public int Add(ReadOnlySpan<char> message)
    {
        Span<char> output = stackalloc char[LineMask.Room];
        var masked = output[..LineMask.Mask(message, output)];
        if (_book.Find(masked) is { } known)
        {
            return known;
        }

        if (_book.Count >= most)
        {
            return Other;
        }

        var pattern = _book.Count + 1;
        _book.Put(pattern, masked.ToString());
        (_miner ??= new(_book)).Learn(pattern);
        return _book.Resolve(pattern);
    }

    public int Resolve(int pattern) => _book.Resolve(pattern);

    public string Template(int pattern) => pattern == Other ? "<*>" : _book.Template(pattern);
}
