using Npgsql;

namespace Bayou.Ingest;

public sealed class ProtocolDatabase : IAsyncLifetime
{
    public TestDatabase Database { get; private set; } = null!;

    public NpgsqlDataSource Db { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Database = await TestDatabase.CreateAsync();
        Db = NpgsqlDataSource.Create(Database.Url);
        await using var life = await Life.StartAsync(Database, ""); // Makes the tables.
    }

    public async ValueTask DisposeAsync()
    {
        await Db.DisposeAsync();
        await Database.DisposeAsync();
    }

    /// <summary>The lease of an epoch runs out, by the database's clock.</summary>
    public async Task ExpireAsync(long epoch)
    {
        await using var command = Db.CreateCommand("UPDATE ingest_node SET lease_until = now() - interval '1 s' WHERE epoch = $1");
        command.Parameters.Add(new() { Value = epoch });
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}

/// <summary>
/// A sender that does what it should: it tries again, under the same key, until it is told that its batch is taken. It knows what must have been
/// counted at the end. When the server has died it starts the next life of it.
/// </summary>
internal sealed class Sender(ProtocolDatabase database) : IAsyncDisposable
{
    private readonly string _service = $"s-{Guid.NewGuid():N}"; // no other sender has it
    private readonly string _node = Guid.NewGuid().ToString("N");
    private readonly List<Life> _lives = [];
    private readonly Dictionary<(string Endpoint, bool Late), (long Least, long Most)> _expected = [];
    private int _keys;

    public Life Life => _lives[^1];

    /// <summary>The last series that there was before this sender.</summary>
    public int SeriesBefore { get; private set; }

    public async Task<Life> BeginAsync()
    {
        if (_lives.Count == 0)
        {
            await using var last = database.Db.CreateCommand("SELECT coalesce(max(id), 0) FROM series");
            SeriesBefore = (int)(await last.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
        }

        _lives.Add(await Life.StartAsync(database.Database, _node));
        return Life;
    }

    /// <summary>Sends a batch under a new key, and again as one does that has not heard the answer.</summary>
    public async Task SendTwiceAsync(IReadOnlyList<(string Route, bool Late)> routes)
    {
        var key = $"{_service}-{_keys++}";
        await SendAsync(key, routes);
        await SendAsync(key, routes);
        foreach (var (route, late) in routes)
        {
            Expect(route, late, 1, 1);
        }
    }

    /// <summary>Sends an observation without a key until it is taken. Where there was no answer at all, it may count as well.</summary>
    public async Task SendWithoutKeyAsync(string route) => Expect(route, late: false, 1, 1 + await SendAsync(null, [(route, false)]));

    /// <summary>Lets time pass until everything that was journaled is in its windows.</summary>
    public async Task SettleAsync()
    {
        var patience = DateTime.UtcNow.AddMinutes(1);
        await using var journal = database.Db.CreateCommand("SELECT count(*) FROM ingest_journal");
        while (Life.Wire.IsDead || (long)(await journal.ExecuteScalarAsync(TestContext.Current.CancellationToken))! > 0)
        {
            Assert.True(DateTime.UtcNow < patience, "the journal does not drain");
            if (Life.Wire.IsDead)
            {
                await BeginAsync();
            }

            await Life.RunAsync(TimeSpan.FromSeconds(1));
        }
    }

    public async Task ExpectAsync()
    {
        var noon = new ManualTime().GetUtcNow(); // Every life begins at the same moment, and none lasts half an hour.
        await using var command = database.Db.CreateCommand("""
            SELECT s.endpoint, w.window_start < $2, sum(w.traffic_count)
              FROM metric_windows w JOIN series s ON s.id = w.series_id
             WHERE s.service = $1
             GROUP BY 1, 2
            """);
        command.Parameters.Add(new() { Value = _service });
        command.Parameters.Add(new() { Value = noon.AddMinutes(-30).UtcDateTime });
        var counted = new Dictionary<(string, bool), long>();
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            counted[(reader.GetString(0), reader.GetBoolean(1))] = reader.GetInt64(2);
        }

        Assert.Equal(_expected.Keys.Order(), counted.Keys.Order());
        Assert.All(_expected, window => Assert.InRange(counted[window.Key], window.Value.Least, window.Value.Most));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var life in _lives)
        {
            await life.DisposeAsync();
        }
    }

    /// <returns>How often there was no answer.</returns>
    private async Task<int> SendAsync(string? key, IReadOnlyList<(string Route, bool Late)> routes)
    {
        var patience = DateTime.UtcNow.AddMinutes(1);
        for (var unanswered = 0; ;)
        {
            Assert.True(DateTime.UtcNow < patience, "a batch is never taken");
            var life = Life;
            SubmissionState? state = await life.RunAsync(Task.Run(async () => (SubmissionState?)await life.SendAsync(_service, key, routes)));
            if (!life.Wire.IsDead && state is SubmissionState.Accepted or SubmissionState.Duplicate)
            {
                return unanswered;
            }

            unanswered += life.Wire.IsDead || state == SubmissionState.Unknown ? 1 : 0;
            if (life.Wire.IsDead)
            {
                await BeginAsync();
            }
        }
    }

    private void Expect(string route, bool late, long least, long most)
    {
        foreach (var endpoint in (string[])[$"GET {route}", "*"])
        {
            var (l, m) = _expected.GetValueOrDefault((endpoint, late));
            _expected[(endpoint, late)] = (l + least, m + most);
        }
    }
}
