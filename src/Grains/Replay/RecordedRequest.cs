using System.Text.Json;
using Bayou.Database;
using Npgsql;

namespace Bayou.Replay;

/// <summary>A captured request with its answer, as it is to be sent again.</summary>
/// <param name="Query">Without the question mark.</param>
/// <param name="Headers">By names in small letters.</param>
internal sealed record RecordedRequest(
    long Id, string Service, string Endpoint, string Stage, string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, string Body,
    bool IsBodyCut, int StatusCode, IReadOnlyDictionary<string, string> ResponseHeaders, string ResponseBody, bool IsResponseBodyCut);

/// <summary>Finds captured requests by their ids.</summary>
internal sealed class RecordedRequests(NpgsqlDataSource db, SnapshotSegments kind)
{
    private const int BodyIsCut = 4, ResponseBodyIsCut = 8; // of the column flags

    /// <returns>Those that there are, in the order of their ids.</returns>
    public async Task<List<RecordedRequest>> ReadAsync(int project, long[] ids, CancellationToken ct)
    {
        var found = new SortedDictionary<long, RecordedRequest>();
        foreach (var table in await TablesAsync(project, ids, ct))
        {
            await using var command = db.CreateCommand($"""
                SELECT id, service, endpoint, stage, method, path, query, headers::text, body, flags, status_code, response_headers::text, response_body
                  FROM {table}
                 WHERE id = ANY ($1) AND id NOT IN (SELECT id FROM {kind.Deletions} WHERE project_id = $2)
                """);
            command.With(ids, project);
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                var flags = reader.GetInt16(9);
                found[reader.GetInt64(0)] = new(
                    reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetString(5),
                    reader.GetString(6), HeadersOf(await reader.TextOrNullAsync(7, ct)), reader.GetString(8), (flags & BodyIsCut) != 0, reader.GetInt16(10),
                    HeadersOf(await reader.TextOrNullAsync(11, ct)), reader.GetString(12), (flags & ResponseBodyIsCut) != 0);
            }
        }

        return [.. found.Values];
    }

    private async Task<List<string>> TablesAsync(int project, long[] ids, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT id FROM {kind.Catalogue} s
             WHERE project_id = $1 AND state <> 'expired' AND EXISTS (SELECT FROM unnest($2::bigint[]) one WHERE one BETWEEN s.min_id AND s.max_id)
            """);
        command.With(project, ids);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var tables = new List<string>();
        while (await reader.ReadAsync(ct))
        {
            tables.Add(kind.Table(reader.GetInt32(0)));
        }

        return tables;
    }

    private static Dictionary<string, string> HeadersOf(string? json) => json is null ? [] : JsonSerializer.Deserialize<Dictionary<string, string>>(json)!;
}
