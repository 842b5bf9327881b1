using System.Text.Json.Serialization;
using Bayou.Http;
using Bayou.Segments;
using Npgsql;

namespace Bayou.Logs;

/// <summary>A line as the API gives it.</summary>
/// <param name="CreatedAt">The line's own time.</param>
internal sealed record LogRow(
    long Id, string Source, string? Service, LineLevel Level, string Message, WrittenJson? Meta, int PatternId, string? TraceId, DateTime CreatedAt,
    DateTime IngestedAt) : ISegmentRow
{
    /// <summary>What <see cref="Read"/> needs, in its order.</summary>
    public const string Columns = "id, source, service, level, message, meta::text, pattern_id, trace_id, created_at, ingested_at";

    /// <summary>How well it fits the search; only where lines are ordered by that.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Score { get; init; }

    /// <summary>Why it was found; only where there is a score.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LogMatch? Match { get; init; }

    public static LogRow Read(NpgsqlDataReader reader, PatternBook book) => new(
        reader.GetInt64(0), reader.GetString(1), NullIfEmpty(reader.GetString(2)), (LineLevel)reader.GetInt16(3), reader.GetString(4),
        reader.IsDBNull(5) ? null : new WrittenJson(reader.GetFieldValue<byte[]>(5)), book.Resolve(reader.GetInt32(6)), NullIfEmpty(reader.GetString(7)),
        reader.GetDateTime(8), reader.GetDateTime(9));

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
