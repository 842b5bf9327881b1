using Orleans.Embedded;

namespace Bayou.Cluster;

internal sealed class SiloFigures(EmbeddedRuntime grains) : ISiloFigures
{
    public string Address => "";

    public long Calls => grains.Calls;

    public Task<IReadOnlyDictionary<string, int>> ActivationsAsync(CancellationToken ct) =>
        Task.FromResult<IReadOnlyDictionary<string, int>>(grains.Active.GroupBy(grain => grain.Type).ToDictionary(type => type.Key, type => type.Count()));
}
