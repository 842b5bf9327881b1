using Bayou.Ingest;
using Bayou.Traces;

namespace Bayou.Points;

/// <summary>Points of metrics. They come by OTLP alone, which has a reader of its own.</summary>
internal sealed class PointItems(PointSeries series, SpanResources resources) : ItemKind<PointBatch>
{
    public override string KeyPrefix => "points\n";

    public override PointBatch NewBatch(int project) => new(project, series, resources);

    public override ItemReader<PointBatch> NewReader() => throw new NotSupportedException("Points come by OTLP alone.");
}
