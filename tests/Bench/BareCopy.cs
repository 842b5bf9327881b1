using System.Diagnostics;

namespace Bayou.Bench;

/// <summary>How long COPY takes for the same rows into a bare table: what a store of segments is measured beside.</summary>
/// <param name="prefix">Of the kind's tables.</param>
/// <param name="rows">The table that every segment's is made like.</param>
internal sealed class BareCopy(BenchDatabase database, string prefix, string rows, string columns)
{
    private const int Times = 3;

    /// <summary>The best of three: the disk may still be busy with what was before.</summary>
    /// <param name="after">Of rows beyond this id.</param>
    public async Task<TimeSpan> MeasureAsync(long after)
    {
        var parts = new List<byte[]>();
        await using var connection = await database.Source.OpenConnectionAsync();
        foreach (var id in await SegmentsAsync($"state <> 'expired' AND max_id > {after}"))
        {
            using var memory = new MemoryStream();
            await using (var read = await connection.BeginRawBinaryCopyAsync(
                $"COPY (SELECT {columns} FROM {prefix}_segment_{id} WHERE id > {after}) TO STDOUT (FORMAT BINARY)"))
            {
                await read.CopyToAsync(memory);
            }

            parts.Add(memory.ToArray());
        }

        var best = TimeSpan.MaxValue;
        for (var attempt = 0; attempt < Times; attempt++)
        {
            await database.ExecuteAsync($"CREATE TABLE bare_rows (LIKE {rows} INCLUDING DEFAULTS)");
            var clock = Stopwatch.StartNew();
            foreach (var part in parts)
            {
                await using var write = await connection.BeginRawBinaryCopyAsync($"COPY bare_rows ({columns}) FROM STDIN (FORMAT BINARY)");
                await write.WriteAsync(part);
            }

            best = clock.Elapsed < best ? clock.Elapsed : best;
            await database.ExecuteAsync("DROP TABLE bare_rows");
        }

        return best;
    }

    public async Task<List<int>> SegmentsAsync(string where)
    {
        await using var command = database.Source.CreateCommand($"SELECT id FROM {prefix}_segments WHERE {where} ORDER BY id");
        await using var reader = await command.ExecuteReaderAsync();
        var ids = new List<int>();
        while (await reader.ReadAsync())
        {
            ids.Add(reader.GetInt32(0));
        }

        return ids;
    }
}
