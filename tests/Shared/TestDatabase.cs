using Npgsql;

namespace Bayou;

/// <summary>A database of its own for each test class, gone afterwards.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly string _name = $"test_{Guid.NewGuid():N}";
    private readonly NpgsqlDataSource _server = NpgsqlDataSource.Create(Server().ConnectionString);

    /// <summary>As Bayou takes it.</summary>
    public string Url => new NpgsqlConnectionStringBuilder(Server().ConnectionString) { Database = _name }.ConnectionString;

    public static async Task<TestDatabase> CreateAsync()
    {
        var database = new TestDatabase();
        await using var command = database._server.CreateCommand($"CREATE DATABASE {database._name}");
        await command.ExecuteNonQueryAsync();
        return database;
    }

    public async ValueTask DisposeAsync()
    {
        await using (var command = _server.CreateCommand($"DROP DATABASE {_name} WITH (FORCE)"))
        {
            await command.ExecuteNonQueryAsync();
        }

        await _server.DisposeAsync();
    }

    private static NpgsqlConnectionStringBuilder Server()
    {
        var url = Environment.GetEnvironmentVariable("BAYOU_TEST_DATABASE_URL")
            ?? throw new InvalidOperationException("The tests need a PostgreSQL in BAYOU_TEST_DATABASE_URL; ./bayou test starts one.");
        return new(new Database.DatabaseOptions { Url = url }.ConnectionString());
    }
}
