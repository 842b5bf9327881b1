using System.Diagnostics;
using System.Globalization;
using Bayou.Logs;

namespace Bayou.Bench;

/// <summary>How long the nearest patterns take to find, in memory and by pgvector's HNSW index, where the database has it.</summary>
internal sealed class NearestBench(BenchDatabase database, Table table)
{
    private const int Patterns = LocalPatterns.Most;
    private const int Nearest = 12;
    private const float Near = 0.48f; // as searches have it
    private const int Times = 200;

    public async Task RunAsync()
    {
        var random = new Random(16);
        var vectors = Enumerable.Range(0, Patterns + Times).Select(_ => Unit(random)).ToList();
        var (stored, asked) = (vectors[..Patterns], vectors[Patterns..].ConvertAll(LogEmbedding.From));
        var inMemory = new PatternVectors();
        for (var pattern = 0; pattern < Patterns; pattern++)
        {
            inMemory.Put(pattern, LogEmbedding.From(stored[pattern]));
        }

        var exact = asked.ConvertAll(text => inMemory.Nearest(text, Near, Nearest));
        var clock = Stopwatch.StartNew();
        asked.ForEach(text => inMemory.Nearest(text, Near, Nearest));
        var took = clock.Elapsed.TotalMilliseconds / Times;
        table.Add($"logs: nearest {Nearest} of {Patterns:#,0} patterns, in memory", $"{took:0.0} ms", await IndexedAsync(stored, asked, exact), "");
    }

    private async Task<string> IndexedAsync(List<float[]> stored, List<LogEmbedding> asked, List<List<(int Pattern, float Likeness)>> exact)
    {
        if (await database.ScalarAsync("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'") == 0)
        {
            return "no pgvector here";
        }

        await database.ExecuteAsync("""
            CREATE EXTENSION IF NOT EXISTS vector;
            CREATE TABLE nearest (id int PRIMARY KEY, embedding real[] NOT NULL);
            CREATE INDEX ON nearest USING hnsw ((embedding::vector(16)) vector_cosine_ops);
            """);
        var texts = stored.ConvertAll(values => LogEmbedding.From(values).ToSql());
        var clock = Stopwatch.StartNew();
        await database.ExecuteAsync("INSERT INTO nearest SELECT id - 1, embedding::real[] FROM unnest($1::text[]) WITH ORDINALITY AS n(embedding, id)", texts);
        var enter = clock.Elapsed.TotalMilliseconds / Patterns;
        await database.ExecuteAsync("ANALYZE nearest");
        clock.Restart();
        var found = 0;
        for (var at = 0; at < asked.Count; at++)
        {
            await using var command =
                database.Source.CreateCommand($"SELECT id FROM nearest ORDER BY embedding::vector(16) <=> $1::real[]::vector(16) LIMIT {Nearest}");
            command.Parameters.Add(new() { Value = asked[at].ToSql() });
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                found += exact[at].Exists(pair => pair.Pattern == reader.GetInt32(0)) ? 1 : 0;
            }
        }

        var took = clock.Elapsed.TotalMilliseconds / asked.Count;
        await database.ExecuteAsync("DROP TABLE nearest");
        return string.Create(CultureInfo.InvariantCulture,
            $"{took:0.0} ms by HNSW, which finds {100.0 * found / asked.Count / Nearest:0.0} % of them and takes {enter:0.00} ms for each new one");
    }

    private static float[] Unit(Random random)
    {
        var values = Enumerable.Range(0, LogEmbedding.Dimensions).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray();
        var length = MathF.Sqrt(values.Sum(value => value * value));
        return Array.ConvertAll(values, value => value / length);
    }
}
