using Bayou.Geo;
using Bayou.Ingest;
using Microsoft.Extensions.Options;

namespace Bayou.Replay;

/// <summary>Captured requests.</summary>
internal sealed class SnapshotKind(
    IOptions<ReplayOptions> options, GeoDatabase geo, ClientAddresses addresses, SnapshotTexts texts, TimeProvider time) : ItemKind<SnapshotBatch>
{
    public override string KeyPrefix => "snapshots\n";

    public override SnapshotBatch NewBatch(int project) => new(project, texts);

    public override ItemReader<SnapshotBatch> NewReader() => new SnapshotReader(time.GetUtcNow(), options.Value, geo, addresses);
}
