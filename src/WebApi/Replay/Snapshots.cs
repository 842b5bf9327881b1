using Bayou.Database;
using Bayou.Projects;
using Bayou.Segments;
using Npgsql;

namespace Bayou.Replay;

/// <summary>Reads captured requests.</summary>
internal sealed class Snapshots([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db)
    : SegmentReader<SnapshotRow>(db, SnapshotRow.Columns)
{
    protected override SnapshotRow Read(NpgsqlDataReader reader) => SnapshotRow.Read(reader);
}

/// <summary>Reads captured requests without what is long in them.</summary>
internal sealed class ShortSnapshots([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db)
    : SegmentReader<SnapshotRow>(db, SnapshotRow.ShortColumns)
{
    protected override SnapshotRow Read(NpgsqlDataReader reader) => SnapshotRow.Read(reader);
}

/// <summary>Finds one captured request.</summary>
internal sealed class SnapshotFinder(CurrentProject project, SegmentCatalogue<SnapshotSegments> catalogue, Snapshots snapshots)
{
    public async Task<SnapshotRow?> FindAsync(long id, CancellationToken ct)
    {
        var sql = ReplayFilter.Visible(project.Id);
        sql.Bound($"id = {id}");
        var segments = (await catalogue.ReadAsync(ct)).Stored.Where(segment => segment.Bounds.MinId <= id && id <= segment.Bounds.MaxId);
        return (await snapshots.FirstAsync(segments, sql, SegmentOrder.IdAscending, 1, ct)).FirstOrDefault();
    }
}
