using Bayou.Metrics;
using Orleans.Streams;

namespace Bayou.Cluster;

/// <summary>Carries hints from process to process by a stream of the cluster. Starts after the grain runtime, and stops before it.</summary>
internal sealed partial class ClusterHints(IClusterClient client, RowHints hints, GrainReach reach, TimeProvider time, ILogger<ClusterHints> logger)
    : BackgroundService
{
    public const string Provider = "hints";
    private static readonly StreamId Windows = StreamId.Create(Provider, "windows");
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(15);

    private StreamSubscriptionHandle<bool>? _subscription;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        hints.Carry = null;
        try
        {
            await base.StopAsync(cancellationToken).WaitAsync(Pause, time, cancellationToken);
            if (_subscription is { } subscription)
            {
                await subscription.UnsubscribeAsync().WaitAsync(Pause, time, cancellationToken);
            }
        }
        catch (Exception e)
        {
            NotCarried(e); // The stream finds out by itself that nobody is here.
        }
    }

    /// <summary>Listens, and looks now and then whether it still does: the stream drops whom it cannot reach for a while.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (reach.IsUp && !await IsSubscribedAsync())
                {
                    _subscription = await Stream().SubscribeAsync((_, _) =>
                    {
                        hints.Received();
                        return Task.CompletedTask;
                    });
                    hints.Carry = () => _ = SendAsync();
                }
            }
            catch (Exception e)
            {
                NotCarried(e);
            }

            await Task.WhenAny(Task.Delay(_subscription is null ? Pause : Look, time, stoppingToken));
        }
    }

    private async Task<bool> IsSubscribedAsync() =>
        _subscription is { } own && (await Stream().GetAllSubscriptionHandles()).Any(handle => handle.HandleId == own.HandleId);

    private async Task SendAsync()
    {
        try
        {
            await Stream().OnNextAsync(true);
        }
        catch (Exception e)
        {
            NotCarried(e);
        }
    }

    private IAsyncStream<bool> Stream() => client.GetStreamProvider(Provider).GetStream<bool>(Windows);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A hint was not carried to the other processes; they look for themselves")]
    private partial void NotCarried(Exception exception);
}
