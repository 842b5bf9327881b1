namespace Bayou.Replay;

/// <summary>What is known of a captured request beside its columns.</summary>
[Flags]
internal enum SnapshotFlags : short
{
    None = 0,
    BodyIsJson = 1,
    ResponseBodyIsJson = 2,
    BodyIsCut = 4,
    ResponseBodyIsCut = 8,
}

/// <summary>A captured request as it was sent, without what is secret in it. Texts are empty for none.</summary>
internal sealed class Snapshot
{
    /// <summary>When the request began, in UTC.</summary>
    public DateTime Time { get; set; }

    /// <summary>ms.</summary>
    public double Duration { get; set; }

    public short StatusCode { get; set; }

    public SnapshotFlags Flags { get; set; }

    public double? Latitude { get; set; }

    public double? Longitude { get; set; }

    public string Service { get; set; } = "";

    /// <summary>Method and route template.</summary>
    public string Endpoint { get; set; } = "";

    public string Method { get; set; } = "";

    public string Path { get; set; } = "";

    /// <summary>Without the question mark.</summary>
    public string Query { get; set; } = "";

    public string Body { get; set; } = "";

    public string ResponseBody { get; set; } = "";

    /// <summary>Of an exception.</summary>
    public string Error { get; set; } = "";

    public string UserId { get; set; } = "";

    public string TraceId { get; set; } = "";

    public string Version { get; set; } = "";

    public string Stage { get; set; } = "";

    public string GeoSource { get; set; } = "";

    public string GeoCountry { get; set; } = "";

    public string GeoRegion { get; set; } = "";

    public string GeoCity { get; set; } = "";

    /// <summary>What is kept of the address that it came from.</summary>
    public string ClientAddress { get; set; } = "";

    /// <summary>What is searched, where PostgreSQL would not fold it.</summary>
    public string Folded { get; set; } = "";

    /// <summary>JSON; empty for none.</summary>
    public byte[] Headers { get; set; } = [];

    /// <summary>JSON; empty for none.</summary>
    public byte[] ResponseHeaders { get; set; } = [];
}
