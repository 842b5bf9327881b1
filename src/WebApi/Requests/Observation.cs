namespace Bayou.Requests;

/// <summary>One finished HTTP request.</summary>
/// <param name="Endpoint"><c>METHOD /route/{template}</c>.</param>
/// <param name="Time">Its start.</param>
/// <param name="Country">See <see cref="CountryCode"/>; 0 for none.</param>
/// <param name="Version">Of the service that answered, where it says so.</param>
/// <param name="IsFromPath">Whether the endpoint was made of a raw path: then it may be a value that looks like a name.</param>
internal readonly record struct Observation(
    string Service, string Endpoint, int Status, long DurationMicros, DateTimeOffset Time,
    long RequestBytes, long ResponseBytes, ushort Country, string? Version = null, bool IsFromPath = false)
{
    /// <summary>How many there were that were all like this.</summary>
    public int Times { get; init; } = 1;
}

/// <summary>By which a service's requests come to be known, the best first: of each minute of a service only the best is shown.</summary>
internal enum SeriesOrigin : short
{
    /// <summary>By the middleware, or whoever sends requests themselves.</summary>
    Requests = 0,

    /// <summary>By the spans of servers.</summary>
    Spans = 1,

    /// <summary>By histograms of durations, which know buckets only.</summary>
    Histograms = 2,
}

/// <summary>A service and endpoint; endpoint <see cref="ServiceTotal"/> stands for all of them together.</summary>
internal readonly record struct SeriesName(string Service, string Endpoint, SeriesOrigin Origin = SeriesOrigin.Requests)
{
    public const string ServiceTotal = "*";

    /// <summary>What counts the endpoints past a project's limit.</summary>
    public const string Other = "__other__";

    /// <summary>The series of its whole service.</summary>
    public SeriesName OfTotal() => this with { Endpoint = ServiceTotal };
}

/// <summary>An observation as it goes into the journal.</summary>
internal struct JournalItem
{
    /// <summary>The series it counts in; below 0 while only its name is known.</summary>
    public int Series;

    /// <summary>The whole service's series, in which it counts too.</summary>
    public int Total;

    /// <summary>Its window, in minutes since the epoch.</summary>
    public int Minute;

    public ushort Status;

    /// <summary>See <see cref="Metrics.CountryCode"/>; 0 for none.</summary>
    public ushort Country;

    public long DurationMicros;

    public long RequestBytes;

    public long ResponseBytes;

    /// <summary>How many more there were that were all like this.</summary>
    public int Others;
}
