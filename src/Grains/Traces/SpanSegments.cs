using Bayou.Database;
using Bayou.Segments;
using Microsoft.Extensions.Options;

namespace Bayou.Traces;

/// <summary>Segments of spans; see docs/adr/0019-opentelemetry.md.</summary>
internal sealed class SpanSegments(IOptions<TracesOptions> options) : SegmentKind
{
    public const string Class = "all";

    /// <summary>What is counted apart.</summary>
    public const string Keys = "service, name, endpoint, kind, status, status_code, is_entry";

    private const int BytesOfMegabyte = 1_000_000;

    public override string Prefix => "span";

    public override string Rows => "spans";

    public override AdvisoryLock Feed { get; } = new("feed.spans");

    public override IReadOnlyList<SegmentClass> Classes => [new(Class, options.Value.Retention)];

    public override int SealedRows => options.Value.SegmentSpans;

    public override int SmallRows => SealedRows / 20;

    public override TimeSpan SealAfter => TimeSpan.FromSeconds(options.Value.SealAfterSeconds);

    public override string LeftOut => "EXISTS (SELECT FROM span_drops d WHERE d.trace_id = rows.trace_id AND d.project_id = $1)";

    public override long MostBytes => (long)options.Value.MaxMegabytes * BytesOfMegabyte;

    public override string SealSql(int id) => $"""
        CREATE INDEX ON {Table(id)} (trace_id);
        CREATE INDEX ON {Table(id)} USING gin (attributes jsonb_path_ops) WITH (fastupdate = off);
        CREATE INDEX ON {Table(id)} (created_at);
        CREATE INDEX ON {Table(id)} (created_at) WHERE is_entry; -- what is listed unless told
        CREATE INDEX ON {Table(id)} (created_at) WHERE status = 2;
        CREATE INDEX ON {Table(id)} USING gin (text_fold(status_message) gin_trgm_ops) WITH (fastupdate = off) WHERE status = 2;
        CREATE INDEX ON {Table(id)} (name, created_at);
        INSERT INTO {Counts} (minute, first_time, last_time, segment_id, lines, {Keys})
        SELECT date_trunc('minute', created_at), min(created_at), max(created_at), {id}, count(*), {Keys} FROM {Table(id)} GROUP BY 1, {Keys};
        """;
}
