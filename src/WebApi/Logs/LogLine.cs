namespace Bayou.Logs;

/// <summary>A line as it was sent, its texts in UTF-8.</summary>
internal ref struct LogLine
{
    /// <summary>Its own time, in UTC.</summary>
    public DateTime Time;

    public LineLevel Level;

    public ReadOnlySpan<byte> Source;

    /// <summary>Empty for none.</summary>
    public ReadOnlySpan<byte> Service;

    /// <summary>Empty for none.</summary>
    public ReadOnlySpan<byte> TraceId;

    public ReadOnlySpan<byte> Message;

    /// <summary>JSON that PostgreSQL takes; empty for none.</summary>
    public ReadOnlySpan<byte> Meta;

    /// <summary>The values in it.</summary>
    public ReadOnlySpan<byte> MetaText;
}
