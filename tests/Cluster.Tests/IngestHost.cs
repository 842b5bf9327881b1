using Bayou.Ingest;
using Bayou.Requests;
using Bayou.Windows;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Bayou.Cluster;

/// <summary>An ingest node whose windows' grains are those of a cluster. Its own time passes faster, so that it soon loses its patience.</summary>
internal sealed class IngestHost : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly IHost _host;
    private readonly ManualTime _time;
    private readonly NpgsqlDataSource _db;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _passing;

    private IngestHost(IHost host, ManualTime time)
    {
        (_host, _time, _db) = (host, time, host.Services.GetRequiredService<NpgsqlDataSource>());
        _passing = PassAsync();
    }

    public static async Task<IngestHost> StartAsync(TestDatabase database, IGrainFactory grains)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddTestSilo(database.Url, "ingest", new() { ["Bayou:Ingest:DeliveryMilliseconds"] = "50" });
        builder.Services.AddSingleton(grains);
        builder.Services.AddIngest().AddWindows().AddRequestIngest();
        var time = new ManualTime();
        time.Jump(DateTimeOffset.UtcNow - time.GetUtcNow());
        builder.Services.AddSingleton<TimeProvider>(time);
        var node = new IngestHost(builder.Build(), time);
        await node._host.StartAsync(TestContext.Current.CancellationToken);
        return node;
    }

    /// <summary>Sends observations of a minute ago, and some of an hour ago, until they are taken.</summary>
    public async Task SendAsync(string service, IReadOnlyList<string> routes, DateTimeOffset now)
    {
        var key = Guid.NewGuid().ToString();
        await Eventually.SeesAsync(
            () => _host.Services.SendAsync(service, key, routes.Select((route, i) => (route, now.AddMinutes(i % 3 == 0 ? -61 : -1)))),
            state => state is SubmissionState.Accepted or SubmissionState.Duplicate);
    }

    /// <summary>Waits until nothing of anybody's is left in the journal.</summary>
    public Task SettledAsync() => Eventually.SeesAsync(() => ScalarAsync("SELECT count(*) FROM ingest_journal"), left => left == 0, TimeSpan.FromMinutes(1));

    public Task<long> CountAsync(string endpoint) =>
        ScalarAsync(
            $"SELECT coalesce(sum(traffic_count), 0)::bigint FROM metric_windows w JOIN series s ON s.id = w.series_id WHERE s.endpoint = '{endpoint}'");

    public async Task<long> ScalarAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        await _end.CancelAsync();
        await _passing;
        _host.Dispose();
        _end.Dispose();
    }

    private async Task PassAsync()
    {
        using var timer = new PeriodicTimer(Step / 20);
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token))
            {
                _time.Advance(Step);
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            return;
        }
    }
}
