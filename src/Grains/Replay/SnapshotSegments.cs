using Bayou.Database;
using Bayou.Segments;
using Microsoft.Extensions.Options;

namespace Bayou.Replay;

/// <summary>Segments of captured requests; see docs/adr/0018-replay.md.</summary>
internal sealed class SnapshotSegments(IOptions<ReplayOptions> options) : SegmentKind
{
    public const string Class = "all";

    /// <summary>What a search looks in; the same text, character by character, as the index has.</summary>
    public const string SearchedText = "snapshot_text(path, query, body, response_body, error, user_id, folded)";

    /// <summary>What is counted apart.</summary>
    public const string Keys = "status_code, service, endpoint, method, stage, version, geo_country";

    private const int BytesOfMegabyte = 1_000_000;

    public override string Prefix => "snapshot";

    public override string Rows => "snapshots";

    public override AdvisoryLock Feed { get; } = new("feed.snapshots");

    public override IReadOnlyList<SegmentClass> Classes => [new(Class, options.Value.Retention)];

    public override int SealedRows => options.Value.SegmentRows;

    public override int SmallRows => SealedRows / 20;

    protected override int LeastHotRows => SealedRows / 50;

    public override TimeSpan SealAfter => TimeSpan.FromSeconds(options.Value.SealAfterSeconds);

    public override string Deletions => "snapshot_deletions";

    public override long MostBytes => (long)options.Value.MaxMegabytes * BytesOfMegabyte;

    public override string SealSql(int id) => $"""
        CREATE INDEX ON {Table(id)} USING gin ({SearchedText} gin_trgm_ops) WITH (fastupdate = off);
        CREATE INDEX ON {Table(id)} (created_at);
        CREATE INDEX ON {Table(id)} (status_code, created_at) WHERE status_code >= 500; -- what is looked for most
        CREATE INDEX ON {Table(id)} (endpoint, id);
        CREATE INDEX ON {Table(id)} (text_id, id);
        CREATE INDEX ON {Table(id)} (trace_id) WHERE trace_id <> '';
        INSERT INTO {Counts} (minute, first_time, last_time, segment_id, lines, {Keys})
        SELECT date_trunc('minute', created_at), min(created_at), max(created_at), {id}, count(*), {Keys} FROM {Table(id)} GROUP BY 1, {Keys};
        """;
}
