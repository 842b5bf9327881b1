using Bayou.Metrics;
using Orleans.Streams;

namespace Bayou.Cluster;

/// <summary>Carries hints from process to process by a stream of the cluster.</summary>
internal sealed partial class ClusterHints(IServiceProvider services, GrainReach reach, TimeProvider time, ILogger<ClusterHints> logger) : RowHints, IHostedLifecycleService, IDisposable
{
    public const string Provider = "hints";
    private static readonly StreamId Windows = StreamId.Create(Provider, "windows");
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _stopping = new();
    private Task _listening = Task.CompletedTask;
    private StreamSubscriptionHandle<bool>? _subscription;

    public override void Written()
    {
        base.Written();
        if (_subscription is not null)
        {
            _ = SendAsync();
        }
    }

    /// <summary>When everything has started: grains answer by then.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _listening = ListenAsync(_stopping.Token);
        return Task.CompletedTask;
    }

    /// <summary>Before anything stops.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        try
        {
            await _listening.WaitAsync(Pause, time, cancellationToken);
            if (_subscription is { } subscription)
            {
                await subscription.UnsubscribeAsync().WaitAsync(Pause, time, cancellationToken);
            }
        }
        catch (Exception e)
        {
            NotSent(e); // The stream finds out by itself that nobody is here.
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stopping.Dispose();

    /// <summary>Listens, and looks now and then whether it still does: the stream drops whom it cannot reach for a while.</summary>
    private async Task ListenAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                if (reach.IsUp && (_subscription is null || (await Stream().GetAllSubscriptionHandles()).All(handle => handle.HandleId != _subscription.HandleId)))
                {
                    _subscription = await Stream().SubscribeAsync((_, _) =>
                    {
                        Take();
                        return Task.CompletedTask;
                    });
                }
            }
            catch (Exception e)
            {
                NotSent(e);
            }

            await Task.WhenAny(Task.Delay(_subscription is null ? Pause : Look, time, ct));
        }
    }

    private async Task SendAsync()
    {
        try
        {
            await Stream().OnNextAsync(true);
        }
        catch (Exception e)
        {
            NotSent(e);
        }
    }

    private IAsyncStream<bool> Stream() => services.GetRequiredService<IClusterClient>().GetStreamProvider(Provider).GetStream<bool>(Windows);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A hint was not carried to the other processes; they look for themselves")]
    private partial void NotSent(Exception exception);
}
