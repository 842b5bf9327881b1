using Bayou.Http;

namespace Bayou.Ingest;

/// <summary>What is wrong with items of a batch: how many there are, and of the first what.</summary>
internal sealed class ItemErrors
{
    /// <summary>Of how many it says what is wrong.</summary>
    public const int Most = 100;

    private readonly List<FieldError> _first = [];

    public int Count { get; private set; }

    public IReadOnlyList<FieldError> First => _first;

    public void Add(int index, FieldError error)
    {
        Count++;
        if (_first.Count < Most)
        {
            _first.Add(error with { Index = index });
        }
    }

    public void Add(int index, List<FieldError> errors)
    {
        foreach (var error in errors)
        {
            Add(index, error);
        }
    }
}
