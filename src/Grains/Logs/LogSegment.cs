using System.Globalization;

namespace Bayou.Logs;

/// <summary>A table of lines that arrived one after the other; see <c>log_segments</c>.</summary>
internal static class LogSegment
{
    public const string Short = "short";
    public const string Long = "long";

    /// <summary>The feed's advisory lock; held from before ids are drawn until they are visible. Whoever changes which segment is hot holds it too.</summary>
    public const string LockFeed = "SELECT pg_advisory_xact_lock(hashtextextended('bayou.feed.logs', 0))";

    public static string RetentionOf(LineLevel level) => level <= LineLevel.Debug ? Short : Long;

    /// <summary>The segment's table; made of a number alone.</summary>
    public static string Table(int id) => string.Create(CultureInfo.InvariantCulture, $"log_segment_{id}");
}
