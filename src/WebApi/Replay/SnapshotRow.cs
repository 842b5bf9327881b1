using System.Text.Json;
using System.Text.Json.Serialization;
using Bayou.Http;
using Bayou.Segments;
using Npgsql;

namespace Bayou.Replay;

/// <summary>A captured request as the API gives it. What was secret is marked, as <c>[redacted 24]</c>, with its length.</summary>
/// <param name="Endpoint">Method and route template, as metrics have it.</param>
/// <param name="Query">Names with their values; a list where one comes several times.</param>
/// <param name="QueryString">As it was sent.</param>
/// <param name="Body">JSON where it is that, else a text.</param>
/// <param name="BodyTruncated">It was cut, or is no text and only described.</param>
/// <param name="Duration">ms.</param>
/// <param name="Timestamp">When the request began.</param>
/// <param name="Error">Of an exception.</param>
/// <param name="GeoSource">platform, header, ip or none.</param>
/// <param name="ClientAddress">The network that it came from, or a hash of its address; null where neither is kept.</param>
internal sealed record SnapshotRow(
    long Id, string Service, string Endpoint, string Method, string Path, Dictionary<string, object>? Query, string QueryString, WrittenJson? Headers,
    WrittenJson? Body, bool BodyTruncated, int StatusCode, WrittenJson? ResponseHeaders, WrittenJson? ResponseBody, bool ResponseBodyTruncated, string? Error,
    double Duration, DateTime Timestamp, string? UserId, string? TraceId, string? Version, string? Stage, string? GeoCountry, string? GeoRegion,
    string? GeoCity, double? GeoLat, double? GeoLon, string GeoSource, string? ClientAddress, DateTime IngestedAt) : ISegmentRow
{
    /// <summary>What <see cref="Read"/> needs, in its order.</summary>
    public const string Columns = $"{BeforeBodies}, body, response_body, headers::text, response_headers::text";

    /// <summary>The same without what is long.</summary>
    public const string ShortColumns = $"{BeforeBodies}, '' AS body, '' AS response_body, NULL::text AS headers, NULL::text AS response_headers";

    private const string BeforeBodies =
        "id, created_at, ingested_at, duration, status_code, flags, geo_lat, geo_lon, service, endpoint, method, path, query, error, user_id, trace_id, "
            + "version, stage, geo_source, geo_country, geo_region, geo_city, client_address";

    /// <summary>By which rows are ordered.</summary>
    [JsonIgnore]
    public DateTime CreatedAt => Timestamp;

    /// <summary>The body as it was sent, character by character; of one request alone.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RawBody { get; init; }

    /// <summary>The answer's body as it came; of one request alone.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RawResponseBody { get; init; }

    public static SnapshotRow Read(NpgsqlDataReader reader)
    {
        var flags = (SnapshotFlags)reader.GetInt16(5);
        return new(
            reader.GetInt64(0), reader.GetString(8), reader.GetString(9), reader.GetString(10), reader.GetString(11),
            SnapshotQuery.ToObject(reader.GetString(12)), reader.GetString(12), Json(reader, 25), BodyOf(reader, 23, flags.HasFlag(SnapshotFlags.BodyIsJson)),
            flags.HasFlag(SnapshotFlags.BodyIsCut), reader.GetInt16(4), Json(reader, 26), BodyOf(reader, 24, flags.HasFlag(SnapshotFlags.ResponseBodyIsJson)),
            flags.HasFlag(SnapshotFlags.ResponseBodyIsCut), Text(reader, 13), reader.GetDouble(3), reader.GetDateTime(1), Text(reader, 14), Text(reader, 15),
            Text(reader, 16), Text(reader, 17), Text(reader, 19), Text(reader, 20), Text(reader, 21), Number(reader, 6), Number(reader, 7),
            reader.GetString(18), Text(reader, 22), reader.GetDateTime(2));
    }

    private static WrittenJson? BodyOf(NpgsqlDataReader reader, int column, bool isJson) => reader.GetString(column) is not { Length: > 0 } text ? null
        : isJson ? new(reader.GetFieldValue<byte[]>(column)) : new(JsonSerializer.SerializeToUtf8Bytes(text));

    private static WrittenJson? Json(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : new(reader.GetFieldValue<byte[]>(column));

    private static string? Text(NpgsqlDataReader reader, int column) => reader.GetString(column) is { Length: > 0 } text ? text : null;

    private static double? Number(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetDouble(column);
}
