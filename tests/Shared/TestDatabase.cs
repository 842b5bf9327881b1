using Npgsql;

namespace Bayou;

/// <summary>A database of its own for each test class, gone afterwards.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private static readonly Lazy<Task<NpgsqlConnectionStringBuilder>> Server = new(FindServerAsync);

    private static PrivatePostgres? _own; // It ends when nothing holds it.

    private readonly string _name = $"test_{Guid.NewGuid():N}";
    private readonly NpgsqlConnectionStringBuilder _url;
    private readonly NpgsqlDataSource _server;

    private TestDatabase(NpgsqlConnectionStringBuilder server)
    {
        _server = NpgsqlDataSource.Create(server);
        _url = new(server.ConnectionString) { Database = _name };
    }

    /// <summary>As Bayou takes it.</summary>
    public string Url => _url.ConnectionString;

    public static async Task<TestDatabase> CreateAsync()
    {
        var database = new TestDatabase(await Server.Value);
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

    /// <summary>The server that <c>BAYOU_TEST_DATABASE_URL</c> names, or else one that this process brings, and that ends with it.</summary>
    private static async Task<NpgsqlConnectionStringBuilder> FindServerAsync()
    {
        var url = Environment.GetEnvironmentVariable("BAYOU_TEST_DATABASE_URL") ?? (_own = await PrivatePostgres.StartAsync("throwaway")).Url;
        return new(new Database.DatabaseOptions { Url = url }.ConnectionString());
    }
}
