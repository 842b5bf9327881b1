using Bayou.Database;
using Bayou.Segments;
using Npgsql;

namespace Bayou.Logs;

/// <summary>Reads lines.</summary>
internal sealed class LogLines([FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, PatternRegistry patterns)
    : SegmentReader<LogRow>(db, LogRow.Columns)
{
    protected override LogRow Read(NpgsqlDataReader reader) => LogRow.Read(reader, patterns.Book);
}
