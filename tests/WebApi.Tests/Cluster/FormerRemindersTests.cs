using Npgsql;

namespace Bayou.Cluster;

/// <summary>A database that ran on the former grain runtime, which had no ring and so no hash: migration 0012.</summary>
public sealed class FormerRemindersTests
{
    private const string TurnBack = """
        UPDATE reminders SET grain_hash = 0, start_time = now() - interval '3 days';
        DELETE FROM schema_migrations WHERE name = '0012_orleans_alone.sql';
        """;

    private const string Read =
        "SELECT grain_id || ' ' || name || ' each ' || period || ' ms' FROM reminders WHERE grain_hash <> 0 AND start_time > now() ORDER BY 1";

    [Fact]
    public async Task Its_reminders_go_on()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var db = NpgsqlDataSource.Create(database.Url);
        List<string> registered;
        await using (await BayouServer.StartAsync(database))
        {
            registered = await ReadAsync(db);
            Assert.Equal(5, registered.Count);
        }

        await using (var turnBack = db.CreateCommand(TurnBack))
        {
            await turnBack.ExecuteNonQueryAsync(BayouServer.Ct);
        }

        Assert.Empty(await ReadAsync(db));
        await using var next = await BayouServer.StartAsync(database);
        Assert.Equal(registered, await ReadAsync(db));
    }

    private static async Task<List<string>> ReadAsync(NpgsqlDataSource db)
    {
        await using var command = db.CreateCommand(Read);
        await using var reader = await command.ExecuteReaderAsync(BayouServer.Ct);
        var reminders = new List<string>();
        while (await reader.ReadAsync(BayouServer.Ct))
        {
            reminders.Add(reader.GetString(0));
        }

        return reminders;
    }
}
