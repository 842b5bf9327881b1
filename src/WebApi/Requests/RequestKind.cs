using Bayou.Deploys;
using Bayou.Ingest;
using Bayou.Metrics;
using Bayou.Projects;
using Microsoft.Extensions.Options;

namespace Bayou.Requests;

/// <summary>Observations of requests. What is missing of them is counted, so that a chart can say so; a version that is new is a deploy.</summary>
internal sealed class RequestKind(
    SeriesRegistry series, LossCounter losses, VersionWatch versions, IOptions<MetricsOptions> options, TimeProvider time) : ItemKind<ObservationBatch>
{
    public override string KeyPrefix => "";

    public override ObservationBatch NewBatch() => new(series, Project.Default);

    public override ItemReader<ObservationBatch> NewReader()
    {
        var now = time.GetUtcNow();
        return new ObservationReader(now.AddDays(-options.Value.RetentionDays), now + ItemLimits.MaxAhead);
    }

    public override void Accepted(ObservationBatch batch, RefusedItems refused, long dropped)
    {
        refused.CountIn(losses, batch.Service);
        losses.Add(batch.Service, 0, dropped, null);
        foreach (var seen in batch.Versions)
        {
            versions.Seen(seen.Service, seen.Version, seen.First, seen.Latest);
        }
    }

    public override void Refused(RefusedItems refused, string? why)
    {
        refused.CountIn(losses, sender: "");
        losses.Add("", why is null ? 0 : 1, 0, why);
    }
}
