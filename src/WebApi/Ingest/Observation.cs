using Bayou.Metrics;

namespace Bayou.Ingest;

/// <summary>One finished HTTP request.</summary>
/// <param name="Endpoint"><c>METHOD /route/{template}</c>.</param>
/// <param name="Time">Its start.</param>
/// <param name="Country">Two upper-case characters, or null.</param>
/// <param name="Version">Of the service that answered, where it says so.</param>
internal readonly record struct Observation(
    string Service, string Endpoint, int Status, long DurationMicros, DateTimeOffset Time,
    long RequestBytes, long ResponseBytes, string? Country, string? Version = null);

/// <summary>A service and endpoint; endpoint <see cref="WholeService"/> stands for all of them together.</summary>
internal readonly record struct SeriesName(string Service, string Endpoint)
{
    public const string WholeService = "*";

    /// <summary>What counts the endpoints past a project's limit.</summary>
    public const string Other = "__other__";
}

/// <summary>Observations merged by series and window, as one sender's batch brings them.</summary>
internal sealed class ObservationBatch
{
    private readonly Dictionary<(SeriesName Series, long Window), WindowFigures> _windows = [];

    private readonly Dictionary<(string Service, string Version), (DateTimeOffset First, DateTimeOffset Last)> _versions = [];

    public int Count { get; private set; }

    /// <summary>The versions that were reported, each with its earliest and latest time.</summary>
    public IReadOnlyDictionary<(string Service, string Version), (DateTimeOffset First, DateTimeOffset Last)> Versions => _versions;

    public IReadOnlyDictionary<(SeriesName Series, long Window), WindowFigures> Windows => _windows;

    public void Add(in Observation o)
    {
        Count++;
        var window = WindowKey.StartOf(o.Time);
        Figures(new(o.Service, o.Endpoint), window).Add(o.Status, o.DurationMicros, o.RequestBytes, o.ResponseBytes);
        Figures(new(o.Service, SeriesName.WholeService), window)
            .Add(o.Status, o.DurationMicros, o.RequestBytes, o.ResponseBytes, o.Country);
        if (o.Version is not null)
        {
            var (first, last) = _versions.GetValueOrDefault((o.Service, o.Version), (o.Time, o.Time));
            _versions[(o.Service, o.Version)] = (o.Time < first ? o.Time : first, o.Time > last ? o.Time : last);
        }
    }

    private WindowFigures Figures(SeriesName series, long window)
    {
        if (!_windows.TryGetValue((series, window), out var figures))
        {
            _windows[(series, window)] = figures = new WindowFigures();
        }

        return figures;
    }
}
