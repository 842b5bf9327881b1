using Orleans.Configuration;

namespace Bayou.Cluster;

/// <summary>
/// Connects a process without a silo to those that have one, for as long as it takes: meanwhile it serves what comes from the database
/// and journals what is sent to it.
/// </summary>
internal sealed partial class ClusterConnection(IServiceProvider services, GrainReach reach, TimeProvider time, ILogger<ClusterConnection> logger)
    : BackgroundService, IClientConnectionRetryFilter
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private string? _told;

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (_told != exception.Message)
        {
            _told = exception.Message; // Once is enough.
            NoSilo(_told);
        }

        await Task.Delay(Pause, time, cancellationToken);
        return true;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (reach.IsUp)
        {
            await Client().StopAsync(cancellationToken);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Client().StartAsync(stoppingToken);
            reach.IsUp = true;
            Connected();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // It ends before there was a silo.
        }
    }

    private IHostedService Client() => (IHostedService)services.GetRequiredService<IClusterClient>();

    [LoggerMessage(Level = LogLevel.Warning, Message = "No silo can be reached yet; what is sent here is journaled and delivered when one can ({reason})")]
    private partial void NoSilo(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to the cluster")]
    private partial void Connected();
}
