using Bayou.Ingest;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Metrics;

/// <summary>Reads what is selected: its series, and their windows.</summary>
internal sealed class MetricsScan(NpgsqlDataSource db, IOptions<MetricsOptions> options, TimeProvider time)
{
    private volatile int _newestSeries; // as last seen

    /// <summary>The selected series by id.</summary>
    public async Task<Dictionary<int, SeriesName>> SeriesAsync(MetricsSelection selection, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"SELECT s.id, s.service, s.endpoint, (SELECT max(id) FROM series) FROM series s WHERE {selection.Series.Where}");
        selection.Series.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var series = new Dictionary<int, SeriesName>();
        while (await reader.ReadAsync(ct))
        {
            series[reader.GetInt32(0)] = new(reader.GetString(1), reader.GetString(2));
            _newestSeries = reader.GetInt32(3);
        }

        return series;
    }

    /// <summary>For several questions about a range. Takes a connection at the first.</summary>
    public RangeReader Read(TimeRange range) => new(db, range, _newestSeries, options.Value, time.GetUtcNow());

    /// <summary>See <see cref="RangeReader.WindowsAsync"/>.</summary>
    public async Task WindowsAsync(IEnumerable<int> series, TimeRange range, long longest, EachWindow each, CancellationToken ct)
    {
        await using var reader = Read(range);
        await reader.WindowsAsync(series, longest, each, ct);
    }

    /// <summary>See <see cref="RangeReader.MergeAsync"/>.</summary>
    public async Task<Dictionary<TKey, WindowFigures>> MergeAsync<TKey>(
        IEnumerable<int> series, TimeRange range, long longest, Func<int, DateTime, TKey> group, CancellationToken ct, int maxGroups = int.MaxValue)
        where TKey : notnull
    {
        await using var reader = Read(range);
        return await reader.MergeAsync(series, longest, group, ct, maxGroups);
    }

    /// <summary>See <see cref="RangeReader.SumAsync"/>.</summary>
    public async Task<WindowFigures> SumAsync(IEnumerable<int> series, TimeRange range, CancellationToken ct)
    {
        await using var reader = Read(range);
        return await reader.SumAsync(series, ct);
    }
}
