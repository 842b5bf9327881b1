using System.Globalization;
using System.Text.Json.Serialization;
using Bayou.Http;
using Bayou.Segments;
using Npgsql;

namespace Bayou.Traces;

/// <summary>A span as the API gives it.</summary>
/// <param name="ParentSpanId">Null for where a trace begins.</param>
/// <param name="Kind">unspecified, internal, server, client, producer or consumer.</param>
/// <param name="Endpoint">Of a server's: method and route template, as metrics have it.</param>
/// <param name="Status">unset, ok or error.</param>
/// <param name="StatusCode">HTTP's.</param>
/// <param name="Duration">ms.</param>
/// <param name="Timestamp">When it began, to the nanosecond.</param>
/// <param name="IsEntry">A trace, or its part in a service, begins with it.</param>
/// <param name="Scope">What made it: a library.</param>
/// <param name="Events">Each with name, timestamp and attributes.</param>
/// <param name="Links">Each with trace_id, span_id and attributes.</param>
/// <param name="Resource">What made it: service, process, machine.</param>
/// <param name="ScopeAttributes">Of the library, its version among them.</param>
internal sealed record SpanRow(
    long Id, string TraceId, string SpanId, string? ParentSpanId, string Service, string Name, string Kind, string? Endpoint, string Status,
    string? StatusMessage, int? StatusCode, double Duration, string Timestamp, bool IsEntry, string? Scope, string? TraceState, WrittenJson? Attributes,
    WrittenJson? Events, WrittenJson? Links, WrittenJson? Resource, WrittenJson? ScopeAttributes, DateTime IngestedAt) : ISegmentRow
{
    /// <summary>What <see cref="Read"/> needs, in its order.</summary>
    public const string Columns = $"""
        {Short}, attributes::text, events::text, links::text,
        (SELECT r.resource::text FROM span_resources r WHERE r.id = resource_id) AS resource,
        (SELECT r.resource::text FROM span_resources r WHERE r.id = scope_id) AS scope_attributes
        """;

    /// <summary>The same without what is long.</summary>
    public const string ShortColumns = $"{Short}, NULL::text AS attributes, NULL::text AS events, NULL::text AS links, NULL::text AS resource, "
        + "NULL::text AS scope_attributes";

    private const string Short =
        "id, created_at, ingested_at, trace_id, span_id, parent_id, duration, nanos, kind, status, status_code, is_entry, service, name, endpoint, scope, "
            + "status_message, trace_state";

    /// <summary>Of what is long in it, in bytes.</summary>
    [JsonIgnore]
    public long Length => (Attributes?.Utf8.Length ?? 0) + (Events?.Utf8.Length ?? 0) + (Links?.Utf8.Length ?? 0) + (Resource?.Utf8.Length ?? 0);

    /// <summary>By which rows are ordered.</summary>
    [JsonIgnore]
    public DateTime CreatedAt { get; private init; }

    public static SpanRow Read(NpgsqlDataReader reader)
    {
        var (time, nanos) = (reader.GetDateTime(1), reader.GetInt16(7));
        return new(
            reader.GetInt64(0), TraceIdOf(reader.GetGuid(3)), SpanIdOf(reader.GetInt64(4)),
            reader.GetInt64(5) is not 0 and var parent ? SpanIdOf(parent) : null,
            reader.GetString(12), reader.GetString(13), SpanNames.Kinds[reader.GetInt16(8)], Text(reader, 14), SpanNames.Statuses[reader.GetInt16(9)],
            Text(reader, 16), reader.GetInt16(10) is not 0 and var code ? code : null, reader.GetDouble(6),
            string.Create(CultureInfo.InvariantCulture, $"{time:yyyy-MM-ddTHH:mm:ss.ffffff}{nanos:D3}Z"), reader.GetBoolean(11), Text(reader, 15),
            Text(reader, 17), Json(reader, 18), Json(reader, 19), Json(reader, 20), Json(reader, 21), Json(reader, 22),
            reader.GetDateTime(2))
        {
            CreatedAt = time,
        };
    }

    public static string TraceIdOf(Guid id) => id.ToString("N");

    public static string SpanIdOf(long id) => id.ToString("x16", CultureInfo.InvariantCulture);

    private static WrittenJson? Json(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : new(reader.GetFieldValue<byte[]>(column));

    private static string? Text(NpgsqlDataReader reader, int column) => reader.GetString(column) is { Length: > 0 } text ? text : null;
}
