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
            Assert.Single(registered); // Of the scheduler, which has all else.
        }

        await using (var turnBack = db.CreateCommand(TurnBack))
        {
            await turnBack.ExecuteNonQueryAsync(BayouServer.Ct);
        }

        Assert.Empty(await ReadAsync(db));
        await using var next = await BayouServer.StartAsync(database);
        Assert.Equal(registered, await ReadAsync(db));
    }

    /// <summary>Those of before there were schedules: an upgrade, with a silo of before beside this one.</summary>
    [Fact]
    public async Task Those_of_before_schedules_go_on_while_a_silo_of_before_lives_and_end_then()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await BayouServer.StartAsync(database);
        await Eventually.SeesAsync(async () => (await server.DataAsync($"/worker/stats"))["workers"]!.AsArray().Count, workers => workers == 1);
        await ExecuteAsync(server.Db, """
            INSERT INTO reminders (service_id, grain_id, name, start_time, period, grain_hash)
            SELECT service_id, 'health/cluster', 'health', now() + interval '1 hour', 60000, 1 FROM reminders;
            INSERT INTO cluster_nodes SELECT gen_random_uuid(), 'before', roles, version, runtime, silo, started_at, now() + interval '1 hour', NULL, NULL,
                cpu_cores, memory_bytes, calls_per_second, activations FROM cluster_nodes;
            """);
        var reminder = server.Get<IGrainFactory>().GetGrain<IHealthGrain>(IHealthGrain.Key).AsReference<IRemindable>();
        await TickAsync(reminder);
        Assert.Contains((await server.DataAsync($"/cluster"))["reminders"]!.AsArray(), run => (string)run!["name"]! == "health");

        await ExecuteAsync(server.Db, "DELETE FROM cluster_nodes WHERE name = 'before'");
        await TickAsync(reminder);
        Assert.DoesNotContain((await server.DataAsync($"/cluster"))["reminders"]!.AsArray(), run => (string)run!["name"]! == "health");
        await using var left = server.Db.CreateCommand("SELECT count(*) FROM reminders WHERE name = 'health'");
        Assert.Equal(0L, await left.ExecuteScalarAsync(BayouServer.Ct));
    }

    private static Task TickAsync(IRemindable reminder) => reminder.ReceiveReminder("health", default);

    private static async Task ExecuteAsync(NpgsqlDataSource db, string sql)
    {
        await using var command = db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(BayouServer.Ct);
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
