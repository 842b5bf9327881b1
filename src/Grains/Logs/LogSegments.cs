using Bayou.Database;
using Bayou.Segments;
using Microsoft.Extensions.Options;

namespace Bayou.Logs;

/// <summary>Segments of log lines; see docs/adr/0011-log-segments.md.</summary>
internal sealed class LogSegments(IOptions<LogsOptions> options) : SegmentKind
{
    public const string Short = "short";
    public const string Long = "long";

    public override string Prefix => "log";

    public override string Rows => "log_lines";

    public override AdvisoryLock Feed { get; } = new("feed.logs");

    public override IReadOnlyList<SegmentClass> Classes => [new(Short, options.Value.Retention(Short)), new(Long, options.Value.Retention(Long))];

    public override int SealedRows => options.Value.SegmentLines;

    public override TimeSpan SealAfter => TimeSpan.FromSeconds(options.Value.SealAfterSeconds);

    public static string RetentionOf(LineLevel level) => level <= LineLevel.Debug ? Short : Long;

    public override string SealSql(int id) => $"""
        CREATE INDEX ON {Table(id)} USING gin (log_text(level, source, message, meta_text) gin_trgm_ops) WITH (fastupdate = off);
        CREATE INDEX ON {Table(id)} (created_at);
        CREATE INDEX ON {Table(id)} (level, created_at) WHERE level >= 4; -- what is looked for most, and is seldom
        CREATE INDEX ON {Table(id)} (pattern_id, id);
        CREATE INDEX ON {Table(id)} (trace_id) WHERE trace_id <> '';
        INSERT INTO log_counts (minute, first_time, last_time, segment_id, pattern_id, lines, level, source, service)
        SELECT date_trunc('minute', created_at), min(created_at), max(created_at), {id}, pattern_id, count(*), level, source, service
          FROM {Table(id)} GROUP BY 1, pattern_id, level, source, service;
        """;
}
