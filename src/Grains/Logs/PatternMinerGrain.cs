using System.Globalization;
using Bayou.Database;
using Npgsql;

namespace Bayou.Logs;

internal sealed class PatternMinerGrain(NpgsqlDataSource db, PatternKeeper keeper, TimeProvider time) : Grain, IPatternMinerGrain
{
    private static readonly TimeSpan BetweenClearings = TimeSpan.FromMinutes(1); // each reads all counts there are

    private PatternBook _book = new();
    private readonly Dictionary<int, int> _versions = [];
    private PatternMiner? _miner;
    private int _generation;
    private long _revision;
    private DateTimeOffset _cleared;

    private int Project => int.Parse(this.GetPrimaryKeyString(), CultureInfo.InvariantCulture);

    public async Task<int> MineAsync(CancellationToken ct)
    {
        var project = Project;
        var changed = new HashSet<int>();
        var changes = await PatternRow.ChangedSinceAsync(db, project, _generation, _revision, ct);
        if (changes.IsAll)
        {
            (_book, _miner, _generation) = (new(changes.Highest), null, changes.Generation);
            _versions.Clear();
        }

        foreach (var row in changes.Rows)
        {
            changed.UnionWith(Learn(row));
        }

        var isWritten = changed.Count == 0;
        try
        {
            isWritten = isWritten || await WriteAsync(project, changed, ct);
            return changed.Count;
        }
        finally
        {
            if (!isWritten)
            {
                DeactivateOnIdle(); // Another activation wrote first, or the outcome is unknown: the next activation starts from the database.
            }
        }
    }

    public async Task<int> MakeRoomAsync(CancellationToken ct)
    {
        if (time.GetUtcNow() - _cleared < BetweenClearings)
        {
            return 0;
        }

        var gone = await keeper.LetGoAsync(Project, ct);
        _cleared = time.GetUtcNow();
        return gone;
    }

    private IReadOnlyCollection<int> Learn(PatternRow row)
    {
        var isNew = _versions.TryAdd(row.Id, row.Version);
        (_versions[row.Id], _revision) = (row.Version, row.Revision);
        var followed = isNew && row.MergedInto is null ? _book.Find(row.Words) : null;
        _book.Put(row.Id, row.Words, row.MergedInto);
        if (!isNew || row.MergedInto is not null || row.Words.Contains(LineMask.Learned, StringComparison.Ordinal))
        {
            return [];
        }

        if (followed is not { } same || same == row.Id)
        {
            return (_miner ??= new(_book)).Learn(row.Id);
        }

        var (older, younger) = (Math.Min(same, row.Id), Math.Max(same, row.Id));
        var words = string.Join(' ', _book.Words(same));
        _book.Put(older, words);
        _book.Put(younger, string.Join(' ', _book.Words(younger)), older);
        return [older, younger];
    }

    /// <returns>False, with nothing done, when one of the rows is not the one that was read.</returns>
    private async Task<bool> WriteAsync(int project, HashSet<int> changed, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await PatternRow.Lock.AcquireAsync(connection, ct, project);
        await using var update = new NpgsqlCommand("""
            UPDATE log_patterns p
               SET words = u.words, merged_into = u.merged_into, version = u.version + 1, revision = nextval('log_patterns_revision_seq')
              FROM unnest($1::int[], $2::text[], $3::int[], $4::int[]) AS u(id, words, merged_into, version)
             WHERE p.id = u.id AND p.version = u.version
            """, connection);
        var ids = changed.ToArray();
        update.With(
            ids, ids.Select(id => string.Join(' ', _book.Words(id))).ToArray(),
            ids.Select(id => _book.Resolve(id) is var into && into != id ? into : (int?)null).ToArray(), ids.Select(id => _versions[id]).ToArray());
        if (await update.ExecuteNonQueryAsync(ct) != ids.Length)
        {
            return false;
        }

        await transaction.CommitAsync(ct);
        return true;
    }
}
