using System.Text;
using System.Text.Unicode;
using Bayou.Ingest;
using Bayou.Segments;

namespace Bayou.Logs;

/// <summary>The lines that one sender brought, already as COPY takes them.</summary>
internal sealed class LogBatch(int project, PatternRegistry patterns) : ISegmentBatch
{
    private readonly LogRows _short = new();
    private readonly LogRows _long = new();
    private readonly List<(LogRows Rows, int Start)> _rows = []; // in the order in which they were sent
    private readonly Dictionary<string, (string Source, List<int> Rows)> _unknown = new(StringComparer.Ordinal); // by masked message
    private readonly char[] _message = new char[LineHead.MostRead];
    private readonly char[] _masked = new char[LineMask.Room];

    public int Project => project;

    public int Count => _rows.Count;

    public long Bytes => _short.Bytes.Length + _long.Bytes.Length;

    /// <summary>Of the first line; empty for none.</summary>
    public byte[] Service { get; private set; } = [];

    public SegmentRows Of(string @class) => RowsOf(@class);

    public void Add(in LogLine line)
    {
        // The end of a long message makes no difference to its pattern.
        Utf8.ToUtf16(line.Message, _message, out _, out var length, replaceInvalidSequences: true, isFinalBlock: false);
        var masked = _masked.AsSpan(0, LineMask.Mask(_message.AsSpan(0, length), _masked));
        var pattern = patterns.Find(masked);
        if (pattern is null)
        {
            if (!_unknown.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(masked, out var lines))
            {
                _unknown[masked.ToString()] = lines = (Encoding.UTF8.GetString(line.Source), []);
            }

            lines.Rows.Add(_rows.Count);
        }

        Service = _rows.Count == 0 ? line.Service.ToArray() : Service;
        var rows = RowsOf(LogSegments.RetentionOf(line.Level));
        _rows.Add((rows, rows.Add(line, pattern ?? 0)));
    }

    /// <summary>Gives every line its pattern, a new one where it must.</summary>
    public async Task ResolveAsync(CancellationToken ct)
    {
        if (_unknown.Count == 0)
        {
            return;
        }

        var made = await patterns.MakeAsync(_unknown.ToDictionary(entry => entry.Key, entry => entry.Value.Source, StringComparer.Ordinal), ct);
        foreach (var (masked, lines) in _unknown)
        {
            foreach (var at in lines.Rows)
            {
                _rows[at].Rows.SetPattern(_rows[at].Start, made[masked]);
            }
        }

        _unknown.Clear();
    }

    public long Number(long first)
    {
        foreach (var (rows, start) in _rows)
        {
            rows.SetId(start, first++);
        }

        return first;
    }

    private LogRows RowsOf(string @class) => @class == LogSegments.Short ? _short : _long;

    public void Dispose()
    {
        _short.Dispose();
        _long.Dispose();
    }
}
