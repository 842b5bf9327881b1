namespace Bayou.Traces;

/// <summary>A span as it was sent, its texts in UTF-8. Texts and JSON are empty for none.</summary>
internal ref struct SpanRecord
{
    /// <summary>When it began, in nanoseconds since the epoch.</summary>
    public ulong StartNanos;

    /// <summary>ms.</summary>
    public double Duration;

    /// <summary>16 bytes.</summary>
    public ReadOnlySpan<byte> TraceId;

    public long SpanId;

    /// <summary>0 for none.</summary>
    public long ParentId;

    public SpanKind Kind;

    public SpanStatus Status;

    /// <summary>HTTP's; 0 for none.</summary>
    public short StatusCode;

    /// <summary>Whether a trace, or its part in a service, begins with it.</summary>
    public bool IsEntry;

    public ReadOnlySpan<byte> Service;

    public ReadOnlySpan<byte> Name;

    /// <summary>Of a server's: method and route template, as metrics have it.</summary>
    public ReadOnlySpan<byte> Endpoint;

    /// <summary>What made it: a library.</summary>
    public ReadOnlySpan<byte> Scope;

    public ReadOnlySpan<byte> StatusMessage;

    public ReadOnlySpan<byte> TraceState;

    /// <summary>An object of JSON.</summary>
    public ReadOnlySpan<byte> Attributes;

    /// <summary>An array of JSON.</summary>
    public ReadOnlySpan<byte> Events;

    /// <summary>An array of JSON.</summary>
    public ReadOnlySpan<byte> Links;
}

/// <summary>Its part in a call, as OpenTelemetry numbers them.</summary>
internal enum SpanKind : short
{
    Unspecified = 0,
    Internal = 1,
    Server = 2,
    Client = 3,
    Producer = 4,
    Consumer = 5,
}

/// <summary>As OpenTelemetry numbers them.</summary>
internal enum SpanStatus : short
{
    Unset = 0,
    Ok = 1,
    Error = 2,
}

/// <summary>What both are called in the API, by their numbers.</summary>
internal static class SpanNames
{
    public static readonly string[] Kinds = ["unspecified", "internal", "server", "client", "producer", "consumer"];

    public static readonly string[] Statuses = ["unset", "ok", "error"];
}
