namespace Bayou.Feeds;

/// <summary>The feed of a table that few write to, and that is looked at now and then.</summary>
/// <param name="end">How far it is.</param>
/// <param name="after">The first rows that fit after an id, ascending.</param>
internal sealed class TableFeed<TRow>(
    Func<CancellationToken, Task<FeedEnd>> end, Func<long, int, CancellationToken, Task<List<TRow>>> after, Func<TRow, long> idOf, TimeProvider time) : IFeed
    where TRow : notnull
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    public Task<FeedEnd> EndAsync(CancellationToken ct) => end(ct);

    public async Task<IReadOnlyList<FeedRow>> AfterAsync(long id, int count, CancellationToken ct) =>
        (await after(id, count, ct)).ConvertAll(row => new FeedRow(idOf(row), row));

    public Task ChangedAsync(CancellationToken ct) => Task.Delay(Pause, time, ct);
}
