using System.Buffers.Binary;
using System.Text;
using Bayou.Segments;

namespace Bayou.Replay;

/// <summary>Captured requests as rows of a segment.</summary>
internal sealed class SnapshotRows() : SegmentRows(classes: 1)
{
    private const short ColumnCount = 28;
    private const int TextAt = IdAt + 8 + 4;

    // As long as all but the texts are, with the length of each column before it.
    private const int FixedBytes = IdAt + (ColumnCount * 4) + (8 * 5) + (2 * 2) + 4 + 2;

    public override string Columns =>
        "id, text_id, created_at, duration, status_code, flags, geo_lat, geo_lon, service, endpoint, method, path, query, body, response_body, error, user_id, "
            + "trace_id, version, stage, geo_source, geo_country, geo_region, geo_city, client_address, folded, headers, response_headers";

    /// <param name="about">Of which text; 0 for what is not known yet.</param>
    /// <returns>Where the row begins.</returns>
    public int Add(Snapshot one, int about)
    {
        string[] texts =
        [
            one.Service, one.Endpoint, one.Method, one.Path, one.Query, one.Body, one.ResponseBody, one.Error, one.UserId, one.TraceId, one.Version, one.Stage,
            one.GeoSource, one.GeoCountry, one.GeoRegion, one.GeoCity, one.ClientAddress, one.Folded,
        ];
        var row = Begin(FixedBytes + texts.Sum(Encoding.UTF8.GetByteCount) + one.Headers.Length + one.ResponseHeaders.Length);
        BinaryPrimitives.WriteInt16BigEndian(row, ColumnCount);
        var at = IdAt - 4;
        WriteLong(row, ref at, 0);
        BinaryPrimitives.WriteInt32BigEndian(row[at..], 4);
        BinaryPrimitives.WriteInt32BigEndian(row[TextAt..], about);
        at = TextAt + 4;
        WriteLong(row, ref at, MicrosecondsOf(one.Time));
        WriteDouble(row, ref at, one.Duration);
        WriteShort(row, ref at, one.StatusCode);
        WriteShort(row, ref at, (short)one.Flags);
        WriteDouble(row, ref at, one.Latitude);
        WriteDouble(row, ref at, one.Longitude);
        foreach (var text in texts)
        {
            var length = Encoding.UTF8.GetBytes(text, row[(at + 4)..]);
            BinaryPrimitives.WriteInt32BigEndian(row[at..], length);
            at += 4 + length;
        }

        WriteJson(row, ref at, one.Headers);
        WriteJson(row, ref at, one.ResponseHeaders);
        return End(at, one.Time, @class: 0);
    }

    public void SetText(int start, int text) => BinaryPrimitives.WriteInt32BigEndian(RowAt(start)[TextAt..], text);

    private static void WriteDouble(Span<byte> row, ref int at, double? value)
    {
        BinaryPrimitives.WriteInt32BigEndian(row[at..], value is null ? -1 : 8);
        at += 4;
        if (value is { } number)
        {
            BinaryPrimitives.WriteDoubleBigEndian(row[at..], number);
            at += 8;
        }
    }
}
