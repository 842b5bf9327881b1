using Bayou.Deploys;
using Bayou.Geo;
using Bayou.Ingest;
using Bayou.Metrics;
using Microsoft.Extensions.Options;

namespace Bayou.Requests;

/// <summary>Observations of requests. What is missing of them is counted, so that a chart can say so; a version that is new is a deploy.</summary>
internal sealed class RequestKind(
    SeriesRegistry series, LossCounter losses, VersionWatch versions, GeoDatabase geo, IOptions<MetricsOptions> options, TimeProvider time)
    : ItemKind<ObservationBatch>
{
    public override string KeyPrefix => "";

    public override ObservationBatch NewBatch(int project) => new(series, project);

    public override ItemReader<ObservationBatch> NewReader()
    {
        var now = time.GetUtcNow();
        return new ObservationReader(now.AddDays(-options.Value.RetentionDays), now + ItemLimits.MaxAhead, geo);
    }

    public override void Accepted(ObservationBatch batch, RefusedItems refused, long dropped)
    {
        refused.CountIn(losses, batch.Project, batch.Service);
        losses.Add(batch.Project, batch.Service, 0, dropped, null);
        foreach (var seen in batch.Versions)
        {
            versions.Seen(batch.Project, seen.Service, seen.Version, seen.First, seen.Latest);
        }
    }

    public override void Refused(int project, RefusedItems refused, string? why)
    {
        refused.CountIn(losses, project, sender: "");
        losses.Add(project, "", why is null ? 0 : 1, 0, why);
    }
}
