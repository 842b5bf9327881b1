using Bayou.Metrics;

namespace Bayou.Cluster;

/// <summary>Of a silo, as the management grain has them.</summary>
internal sealed class SiloFigures(ILocalSiloDetails silo, IGrainFactory grains) : ISiloFigures, IIncomingGrainCallFilter
{
    private long _calls;

    public string Address => silo.SiloAddress.ToParsableString();

    public long Calls => Interlocked.Read(ref _calls);

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.Grain?.GetType().Assembly == typeof(WindowFlusher).Assembly) // not those with which Orleans runs itself
        {
            Interlocked.Increment(ref _calls);
        }

        return context.Invoke();
    }

    public async Task<IReadOnlyDictionary<string, int>> ActivationsAsync(CancellationToken ct)
    {
        var statistics = await grains.GetGrain<IManagementGrain>(0).GetSimpleGrainStatistics([silo.SiloAddress], ct);
        return statistics.Where(type => type.GrainType.StartsWith(nameof(Bayou), StringComparison.Ordinal))
            .ToDictionary(type => ShortName(type.GrainType), type => type.ActivationCount);
    }

    // Bayou.Metrics.RollupGrain,Grains is rollup.
    private static string ShortName(string type) => type.Split(',')[0].Split('.')[^1].Replace("Grain", "", StringComparison.Ordinal).ToLowerInvariant();
}

/// <summary>Of a process that hosts no grains.</summary>
internal sealed class NoSiloFigures : ISiloFigures
{
    public string Address => "";

    public long Calls => 0;

    public Task<IReadOnlyDictionary<string, int>> ActivationsAsync(CancellationToken ct) =>
        Task.FromResult<IReadOnlyDictionary<string, int>>(new Dictionary<string, int>());
}
