using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Bayou.Search;

public sealed class TextVectorsTests
{
    private const string Kind = "thing";

    private static readonly HashEmbedder Embedder = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_pgvector_the_same_is_found_in_memory_and_with_it_later_by_the_same_table()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var owner = NpgsqlDataSource.Create(database.Url);
        var role = $"plain_{Guid.NewGuid():N}"; // It may make no extension.
        await ExecuteAsync(owner, $"""
            CREATE ROLE {role} LOGIN PASSWORD '{role}';
            CREATE TABLE projects (id int PRIMARY KEY);
            INSERT INTO projects VALUES (1);
            GRANT ALL ON projects TO {role};
            GRANT ALL ON SCHEMA public TO {role};
            """);
        var builder = new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder(database.Url) { Username = role, Password = role }.ConnectionString);
        builder.UseVector();
        await using var db = builder.Build();
        try
        {
            using var plain = new TextVectors(db, Embedder, NullLogger<TextVectors>.Instance);
            Assert.False(await plain.ReadyAsync(Ct));
            await PutAsync(plain, (1, "connection to postgres refused"), (2, "payment declined"), (3, "garbage collection took long"));
            var exact = await NearestAsync(plain, "database connection lost");
            Assert.Equal(1, exact[0].Id);
            await PutAsync(plain, (2, "database connection lost"));
            exact = await NearestAsync(plain, "database connection lost");
            Assert.Equal([2, 1], exact.Take(2).Select(text => text.Id));
            Assert.Equal(1, exact[0].Likeness, 3);
            Assert.Equal([2, 3], (await NearestAsync(plain, "database connection lost", 2, 3)).Select(text => text.Id));

            if (await ScalarAsync(owner, "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'") == 0)
            {
                return; // This server has none to come.
            }

            await ExecuteAsync(owner, "CREATE EXTENSION vector");
            using var indexed = new TextVectors(db, Embedder, NullLogger<TextVectors>.Instance);
            Assert.True(await indexed.ReadyAsync(Ct));
            var found = await NearestAsync(indexed, "database connection lost");
            Assert.Equal(exact.Select(text => (text.Id, MathF.Round(text.Likeness, 3))), found.Select(text => (text.Id, MathF.Round(text.Likeness, 3))));

            // Where the index finds only others.
            await PutAsync(indexed, [.. Enumerable.Range(10, 300).Select(id => ((long)id, $"database connection lost {(char)('a' + (id % 26))}"))]);
            Assert.Equal([2, 3], (await NearestAsync(indexed, "database connection lost", 2, 3)).Select(text => text.Id));
        }
        finally
        {
            await ExecuteAsync(owner, $"DROP OWNED BY {role}; DROP ROLE {role};");
        }
    }

    private static async Task PutAsync(TextVectors vectors, params (long Id, string Text)[] texts)
    {
        var embedded = await Embedder.EmbedAsync([.. texts.Select(text => text.Text)], Ct);
        await vectors.PutAsync(1, Kind, [.. texts.Zip(embedded, (text, vector) => (text.Id, 1L, vector))], Ct);
    }

    private static async Task<List<(long Id, float Likeness)>> NearestAsync(TextVectors vectors, string text, params long[] among) =>
        await vectors.NearestAsync(
            1, Kind, (await Embedder.EmbedAsync([text], Ct))[0], least: -1, most: 10, among.Length == 0 ? null : among.ToHashSet(), Ct);

    private static async Task ExecuteAsync(NpgsqlDataSource db, string sql)
    {
        await using var command = db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }

    private static async Task<long> ScalarAsync(NpgsqlDataSource db, string sql)
    {
        await using var command = db.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }
}
