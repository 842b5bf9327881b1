using Npgsql;

namespace Bayou.Metrics;

/// <summary>
/// Loads rows of <c>metric_windows</c> for the grains of this silo. While a query is under way, whoever comes waits for the next,
/// which is then for all of them: a thousand activations cost a few queries.
/// </summary>
internal sealed class WindowLoader(NpgsqlDataSource db)
{
    private readonly Lock _gate = new();
    private Query? _next;
    private bool _isRunning;

    public async Task<WindowRow> LoadAsync(WindowKey key, CancellationToken ct) =>
        (await LoadAsync([key], ct)).GetValueOrDefault(key, WindowRow.None);

    /// <summary>The rows of these windows and of whatever others were asked for meanwhile, those that there are.</summary>
    public Task<IReadOnlyDictionary<WindowKey, WindowRow>> LoadAsync(IReadOnlyCollection<WindowKey> keys, CancellationToken ct)
    {
        lock (_gate)
        {
            _next ??= new();
            _next.Keys.UnionWith(keys);
            var rows = _next.Rows.Task;
            if (!_isRunning)
            {
                _isRunning = true;
                _ = Task.Run(RunAsync, CancellationToken.None); // Off the grain's turn: it serves others too.
            }

            return rows.WaitAsync(ct);
        }
    }

    private async Task RunAsync()
    {
        while (NextQuery() is { } query)
        {
            try
            {
                query.Rows.SetResult(await ReadAsync(query.Keys));
            }
            catch (Exception e)
            {
                query.Rows.SetException(e); // Each activation that waits for it fails, and is tried again by its callers.
            }
        }
    }

    private Query? NextQuery()
    {
        lock (_gate)
        {
            var query = _next;
            _next = null;
            _isRunning = query is not null;
            return query;
        }
    }

    private async Task<IReadOnlyDictionary<WindowKey, WindowRow>> ReadAsync(HashSet<WindowKey> keys)
    {
        await using var command = db.CreateCommand($"SELECT w.series_id, w.window_start, w.version, w.applied, w.figures FROM {WindowRows.ByKey} w");
        WindowRows.Bind(command.Parameters, keys);
        var rows = new Dictionary<WindowKey, WindowRow>();
        await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
        while (await reader.ReadAsync(CancellationToken.None))
        {
            var start = new DateTimeOffset(reader.GetDateTime(1), TimeSpan.Zero).ToUnixTimeSeconds();
            rows[new(reader.GetInt32(0), start)] = new(reader.GetInt64(2), reader.GetFieldValue<long[]>(3), reader.GetFieldValue<byte[]>(4));
        }

        return rows;
    }

    private sealed class Query
    {
        public HashSet<WindowKey> Keys { get; } = [];

        public TaskCompletionSource<IReadOnlyDictionary<WindowKey, WindowRow>> Rows { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
