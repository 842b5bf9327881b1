using Bayou.Ingest;

namespace Bayou.Logs;

/// <summary>A line as it was sent, not yet stored.</summary>
/// <param name="Time">Its own time, in UTC.</param>
/// <param name="Service">Empty for none, as is <paramref name="TraceId"/>.</param>
/// <param name="Meta">JSON that PostgreSQL takes; null for none.</param>
/// <param name="MetaText">The values in it.</param>
internal readonly record struct LogLine(
    DateTime Time, LineLevel Level, string Source, string Service, string TraceId, string Message, string? Meta, string MetaText)
{
    /// <summary>See <c>log_patterns</c>.</summary>
    public int Pattern { get; init; }
}

/// <summary>The lines that one sender brought.</summary>
internal sealed class LogBatch : IIngestBatch
{
    public List<LogLine> Lines { get; } = [];

    public int Count => Lines.Count;
}
