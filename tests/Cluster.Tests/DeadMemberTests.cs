using System.Net;
using System.Net.Sockets;
using Bayou.Database;
using Bayou.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Bayou.Cluster;

/// <summary>What silos leave in the table of members that died without a word, each at an address at which nobody will ever be again.</summary>
public sealed class DeadMemberTests
{
    private const int Joining = 2;
    private const int Active = 3;
    private const int Dead = 6;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_silo_joins_past_all_that_died_and_no_row_of_them_stays_beyond_a_day()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var db = NpgsqlDataSource.Create(database.Url);
        using var silo = await MigratedAsync(database);
        await AddAsync(db, "127.9.0.1", Active, TimeSpan.FromMinutes(4)); // Nobody has said that it is dead,
        await AddAsync(db, "127.9.0.2", Active, TimeSpan.FromHours(1)); // nor of this.
        await AddAsync(db, "127.9.0.3", Dead, TimeSpan.FromHours(1));
        await AddAsync(db, "127.9.0.4", Dead, Day);
        await AddAsync(db, "127.9.0.5", Joining, Day);
        await AddAsync(db, "127.9.0.6", Active, Day);
        await silo.StartAsync(Ct);
        await Eventually.SeesAsync(() => MembersAsync(db), members => members is
        [
            ("127.0.0.1", Active), ("127.9.0.1", Dead), ("127.9.0.2", Dead), ("127.9.0.3", Dead),
        ]);
        await silo.StopAsync(Ct);
    }

    [Fact]
    public async Task One_that_answers_is_not_declared_dead_however_long_it_has_said_nothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var db = NpgsqlDataSource.Create(database.Url);
        using var silo = await MigratedAsync(database);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await AddAsync(db, "127.0.0.1", Active, Day, ((IPEndPoint)listener.LocalEndpoint).Port);
        await AddAsync(db, "127.9.0.1", Active, Day);
        await silo.Services.GetServices<IHostedService>().OfType<DeadMembers>().Single().StartAsync(Ct);
        Assert.Equal([("127.0.0.1", Active), ("127.9.0.1", Dead)], await MembersAsync(db));
    }

    [Fact]
    public async Task One_that_does_not_answer_is_given_as_long_as_it_may_say_nothing_by_this_silos_own_clock()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var db = NpgsqlDataSource.Create(database.Url);
        using var silo = await MigratedAsync(database);
        await AddAsync(db, "127.9.0.1", Active, TimeSpan.FromSeconds(30)); // It could not write for a while, or its clock is another.
        await AddAsync(db, "127.9.0.2", Active, TimeSpan.Zero);
        var (time, looking) = Look(silo);
        Assert.False(await EndsAsync(time, looking, TimeSpan.FromSeconds(14)));
        Assert.Equal([("127.9.0.1", Active), ("127.9.0.2", Active)], await MembersAsync(db));
        Assert.True(await EndsAsync(time, looking, TimeSpan.FromSeconds(2)));
        Assert.Equal([("127.9.0.1", Dead), ("127.9.0.2", Dead)], await MembersAsync(db));
    }

    [Fact]
    public async Task One_that_says_that_it_lives_is_left_to_those_who_reach_it()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var db = NpgsqlDataSource.Create(database.Url);
        using var silo = await MigratedAsync(database);
        await AddAsync(db, "127.9.0.1", Active, TimeSpan.Zero);
        var (time, looking) = Look(silo);
        for (var i = 0; i < 4; i++)
        {
            Assert.False(await EndsAsync(time, looking, TimeSpan.FromSeconds(4)));
            await using var alive = db.CreateCommand("UPDATE cluster_membership SET i_am_alive = i_am_alive + interval '5 seconds'");
            await alive.ExecuteNonQueryAsync(Ct);
        }

        Assert.True(await EndsAsync(time, looking, TimeSpan.FromSeconds(10))); // It does not wait for ever either.
        Assert.Equal([("127.9.0.1", Active)], await MembersAsync(db));
    }

    [Fact]
    public async Task What_a_silo_left_at_the_very_address_is_not_waited_for()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var db = NpgsqlDataSource.Create(database.Url);
        using var silo = await MigratedAsync(database);
        var own = silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress.Endpoint;
        await AddAsync(db, $"{own.Address}", Active, TimeSpan.Zero, own.Port);
        var (time, looking) = Look(silo);
        Assert.True(await EndsAsync(time, looking, TimeSpan.Zero));
    }

    /// <summary>Looks for the dead, by a clock that only the test moves.</summary>
    private static (ManualTime Time, Task Looking) Look(IHost silo)
    {
        var time = new ManualTime();
        time.Jump(DateTimeOffset.UtcNow - time.GetUtcNow());
        return (time, ActivatorUtilities.CreateInstance<DeadMembers>(silo.Services, time).StartAsync(Ct));
    }

    /// <summary>Lets time pass, a look at a time.</summary>
    private static async Task<bool> EndsAsync(ManualTime time, Task looking, TimeSpan within)
    {
        for (var passed = TimeSpan.Zero; passed <= within && !looking.IsCompleted; passed += Pause)
        {
            await Task.WhenAny(looking, time.WaitedForAsync());
            if (passed < within)
            {
                time.Advance(Pause);
            }
        }

        return looking.IsCompleted;
    }

    private static async Task<IHost> MigratedAsync(TestDatabase database)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(
            ClusterMember.Settings("survivor").Select(pair => KeyValuePair.Create(pair.Key.Replace("__", ":", StringComparison.Ordinal), (string?)pair.Value))
                .Append(new(DatabaseOptions.UrlKey, database.Url)).Append(new("Bayou:Database:AllowUnsafe", "true")));
        builder.AddBayouNode(NodeRoles.Silo);
        var host = builder.Build();
        await host.Services.GetServices<IHostedService>().OfType<Migrator>().Single().StartAsync(Ct);
        await using var db = NpgsqlDataSource.Create(database.Url);
        await using var command = db.CreateCommand("INSERT INTO cluster_membership_version VALUES ('bayou', 7)");
        await command.ExecuteNonQueryAsync(Ct);
        return host;
    }

    private static async Task AddAsync(NpgsqlDataSource db, string address, int status, TimeSpan silent, int port = 11_111)
    {
        await using var command = db.CreateCommand("""
            INSERT INTO cluster_membership (cluster_id, address, port, generation, silo_name, host_name, status, proxy_port, start_time, i_am_alive)
            VALUES ('bayou', $1, $2, 1, 'died', 'died', $3, 30000, now() - $4::interval - interval '1 minute', now() - $4::interval)
            """);
        command.With(address, port, status, silent);
        await command.ExecuteNonQueryAsync(Ct);
    }

    private static async Task<List<(string Address, int Status)>> MembersAsync(NpgsqlDataSource db)
    {
        await using var command = db.CreateCommand("SELECT address, status FROM cluster_membership ORDER BY address");
        await using var reader = await command.ExecuteReaderAsync(Ct);
        var members = new List<(string, int)>();
        while (await reader.ReadAsync(Ct))
        {
            members.Add((reader.GetString(0), reader.GetInt32(1)));
        }

        return members;
    }
}
