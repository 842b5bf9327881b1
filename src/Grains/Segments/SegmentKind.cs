using System.Globalization;
using Bayou.Database;

namespace Bayou.Segments;

/// <summary>Rows of a kind that are kept, and let go, together.</summary>
internal sealed record SegmentClass(string Name, TimeSpan Retention)
{
    private const int ClosesInOneRetention = 24;

    /// <summary>What one segment's rows span at most, unless they came at once: so that none is kept much longer than it must.</summary>
    public TimeSpan LongestOpen => Retention / ClosesInOneRetention;
}

/// <summary>
/// A kind of rows that are kept in segments: tables, each of rows that arrived one after the other. It is made by a migration, which for the prefix
/// <c>log</c> has <see cref="Rows"/>, what each segment's table is like (at least <c>id bigint</c> and <c>created_at timestamptz</c>, no index) and the feed's
/// sequence; <c>log_segments</c>, the catalogue, <c>log_commits</c> and <c>log_counts</c>, all like those of logs.
/// </summary>
internal abstract class SegmentKind
{
    /// <summary>Of the names of its tables.</summary>
    public abstract string Prefix { get; }

    /// <summary>The table that every segment's is made like; itself always empty.</summary>
    public abstract string Rows { get; }

    /// <summary>
    /// The advisory lock of its feed; held from before ids are drawn until they are visible. Whoever changes which segment is hot holds it too.
    /// </summary>
    public abstract AdvisoryLock Feed { get; }

    public abstract IReadOnlyList<SegmentClass> Classes { get; }

    /// <summary>Rows of a sealed segment. Those that are not sealed yet are read one by one.</summary>
    public abstract int SealedRows { get; }

    /// <summary>
    /// Rows that are enough for a small sealed segment, where few come: with several of such one of <see cref="SealedRows"/> is made. Where rows are long, too
    /// many of them would be read one by one until then; each is indexed twice for it.
    /// </summary>
    public virtual int SmallRows => SealedRows;

    /// <summary>From a segment's closing to its sealing, so that a burst has the processor to itself.</summary>
    public abstract TimeSpan SealAfter { get; }

    /// <summary>The feed's ids.</summary>
    public string Sequence => $"{Rows}_id_seq";

    /// <summary>Where segments are listed, with their bounds.</summary>
    public string Catalogue => $"{Prefix}_segments";

    /// <summary>By which a node whose connection broke while it committed finds out whether it did.</summary>
    public string Commits => $"{Prefix}_commits";

    /// <summary>A segment's table; made of a number alone.</summary>
    public string Table(int id) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}_segment_{id}");

    /// <summary>Where the rows are counted that sealed segments have, by minute and by what is counted apart.</summary>
    public string Counts => $"{Prefix}_counts";

    /// <summary>Where the ids of rows are that are left out when their segment is written the next time; null where single rows are not deleted.</summary>
    public virtual string? Deletions => null;

    /// <summary>
    /// Which rows are left out of a sealed segment, where it is sealed for the first time: a condition on <c>rows</c>, in which <c>$1</c> is the project; null
    /// for none.
    /// </summary>
    public virtual string? LeftOut => null;

    /// <summary>Bytes of a row of the catalogue.</summary>
    public string SizeSql => $"pg_total_relation_size(to_regclass('{Prefix}_segment_' || id))";

    /// <summary>Of disk that a project's rows may take: past it the oldest segments expire before their time.</summary>
    public virtual long MostBytes => long.MaxValue;

    /// <summary>Statements that index the table of a sealed segment, and count what is in it.</summary>
    public abstract string SealSql(int id);

    /// <summary>Statements that let go what a segment has elsewhere.</summary>
    public string DropSql(int id) => string.Create(CultureInfo.InvariantCulture, $"DELETE FROM {Counts} WHERE segment_id = {id};");

    /// <summary>
    /// Rows after which a hot segment is closed: few, since it has no index; more where many come at once, since for each a table must be made.
    /// </summary>
    /// <param name="tick">Rows of a tick.</param>
    public int HotRows(int tick) => (int)Math.Clamp(10L * tick, LeastHotRows, Math.Min(SealedRows / 2, 50_000));

    /// <summary>Before which no hot segment is closed for its rows.</summary>
    protected virtual int LeastHotRows => Math.Min(SealedRows / 10, 10_000);
}
