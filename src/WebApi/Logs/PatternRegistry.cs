using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Bayou.Database;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Logs;

/// <summary>
/// This node's copy of a project's patterns. A line that follows none makes a new one, whose number PostgreSQL gives; which of them are one and the same
/// is found out behind that by <see cref="IPatternMinerGrain"/>, and every node hears of it within seconds of using them.
/// </summary>
/// <param name="stopping">From then on nothing more is asked of grains.</param>
[SuppressMessage("Design", "CA1001", Justification = "Requests have it from their scopes, which would dispose of it; the semaphore holds nothing to let go.")]
internal sealed partial class PatternRegistry(
    int project, NpgsqlDataSource db, IGrainFactory grains, IOptions<LogsOptions> options, TimeProvider time, ILogger<PatternRegistry> logger,
    CancellationToken stopping)
{
    /// <summary>Of rounds.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>
    /// When vectors are made: when so many patterns wait for theirs, or some have for so long; else the model would be in memory all the time.
    /// </summary>
    private const int WaitingForVectors = 64;
    private static readonly TimeSpan LongestWithoutVectors = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1); // of a search, for vectors that are being made
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _reading = new(1);
    private readonly Lock _embedding = new();
    private Task _embedded = Task.CompletedTask; // the last try to make vectors
    private long _embedNext; // not before; as TimeProvider.GetTimestamp has it
    private int _generation;
    private long _revision;
    private volatile PatternBook _book = new();
    private volatile PatternWords _words = new();
    private int _changed = WaitingForVectors; // Nobody knows what waits at the start.
    private long _changedSince;
    private volatile bool _hasNew;
    private volatile bool _isCrowded;
    private volatile bool _isUsed;
    private long _refreshed = long.MinValue; // as TimeProvider.GetTimestamp has it

    public PatternBook Book => Used(_book);

    /// <summary>The words of all patterns.</summary>
    public PatternWords Words => Used(_words);

    /// <summary>No more patterns are kept apart; lines that follow none have the pattern of all others.</summary>
    private bool IsFull => Book.Count > options.Value.MaxPatterns;

    /// <summary>The pattern that a masked line follows; null when it is to be made.</summary>
    public int? Find(ReadOnlySpan<char> masked)
    {
        if (Book.Find(masked) is { } known)
        {
            return known;
        }

        _isCrowded |= IsFull;
        return IsFull ? Book.Find(PatternBook.OtherWords) : null;
    }

    /// <summary>Has what other nodes and the miner have written since.</summary>
    public async Task RefreshAsync(CancellationToken ct)
    {
        await _reading.WaitAsync(ct);
        var begun = time.GetTimestamp();
        try
        {
            var changes = await PatternRow.ChangedSinceAsync(db, project, _generation, _revision, ct);
            var (book, words) = changes.IsAll ? (new(changes.Highest), new()) : (_book, _words);
            foreach (var row in changes.Rows)
            {
                book.Put(row.Id, row.Words, row.MergedInto);
                words.Put(row.Id, row.MergedInto is null && row.Words != PatternBook.OtherWords ? PatternText.Of(row.Source, row.Words) : null);
                _revision = row.Revision;
            }

            (_book, _words, _generation) = (book, words, changes.Generation);
            Volatile.Write(ref _refreshed, begun);
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>The same, where this node has not looked for a while: it does so by itself only while somebody uses the patterns.</summary>
    public Task FreshAsync(CancellationToken ct) =>
        Volatile.Read(ref _refreshed) is var refreshed && refreshed != long.MinValue && time.GetElapsedTime(refreshed) < Period ? Task.CompletedTask
            : RefreshAsync(ct);

    /// <summary>Has them once; until then every line would look as one of a new pattern.</summary>
    public Task ReadyAsync(CancellationToken ct) => Volatile.Read(ref _refreshed) == long.MinValue ? RefreshAsync(ct) : Task.CompletedTask;

    /// <summary>Has new patterns compared and given vectors, and hears of others'; where anything fails, the next round tries again.</summary>
    public async Task RoundAsync()
    {
        try
        {
            var miner = grains.GetGrain<IPatternMinerGrain>($"{project}");
            if (_isCrowded)
            {
                _isCrowded = false;
                await miner.MakeRoomAsync(stopping);
            }

            if (_hasNew)
            {
                _hasNew = false;
                Changed(await miner.MineAsync(stopping));
            }
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            _hasNew = true;
            NotMined(e); // Lines are stored all the same.
        }

        await EmbedAsync(isAsked: false);
        try
        {
            if (_isUsed)
            {
                _isUsed = false;
                await RefreshAsync(stopping);
            }
        }
        catch (Exception e) when (DatabaseFailure.Is(e))
        {
            NotRefreshed(e);
        }
    }

    /// <summary>Makes patterns of masked lines that follow none, where there is room; each is the same one on every node.</summary>
    /// <param name="unknown">With the source of the first line of each.</param>
    public async Task<Dictionary<string, int>> MakeAsync(IReadOnlyDictionary<string, string> unknown, CancellationToken ct)
    {
        var wanted = unknown.Keys.Append(PatternBook.OtherWords).Distinct(StringComparer.Ordinal)
            .ToDictionary(words => Convert.ToHexString(HashOf(words)), StringComparer.Ordinal);

        // More than there is room for are not tried.
        string[] ordered = [PatternBook.OtherWords, .. unknown.Keys.Where(words => words != PatternBook.OtherWords).Take(options.Value.MaxPatterns)];
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);

        // One discovery of a project at a time, on every node: else two could each take the last free place.
        await PatternRow.Lock.AcquireAsync(connection, ct, project);
        await using (var insert = new NpgsqlCommand("""
            INSERT INTO log_patterns (project_id, hash, words, source)
            SELECT $1, hash, words, source
              FROM unnest($2::bytea[], $3::text[], $4::text[]) WITH ORDINALITY AS n(hash, words, source, place)
             WHERE NOT EXISTS (SELECT 1 FROM log_patterns p WHERE p.project_id = $1 AND p.hash = n.hash)
             ORDER BY place
             LIMIT greatest(0, $5 - (SELECT count(*) FROM log_patterns WHERE project_id = $1))
            """, connection))
        {
            insert.With(project, Array.ConvertAll(ordered, HashOf), ordered, Array.ConvertAll(ordered, words => unknown.GetValueOrDefault(words, "")),
                options.Value.MaxPatterns + 1);
            var made = await insert.ExecuteNonQueryAsync(ct);
            _hasNew |= made > 0;
            Changed(made);
        }

        var found = new Dictionary<string, int>(StringComparer.Ordinal);
        await using (var find = new NpgsqlCommand("SELECT id, hash FROM log_patterns WHERE project_id = $1 AND hash = ANY($2)", connection))
        {
            find.With(project, wanted.Keys.Select(Convert.FromHexString).ToArray());
            await using var reader = await find.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                found[wanted[Convert.ToHexString(reader.GetFieldValue<byte[]>(1))]] = reader.GetInt32(0);
            }
        }

        await transaction.CommitAsync(ct);
        await RefreshAsync(ct);
        return unknown.Keys.ToDictionary(words => words, words => found.GetValueOrDefault(words, found[PatternBook.OtherWords]), StringComparer.Ordinal);
    }

    /// <summary>Has the missing vectors of patterns made for a search by meaning; waits no longer than a search may take.</summary>
    public async Task VectorsAsync(CancellationToken ct)
    {
        try
        {
            await EmbedAsync(isAsked: true).WaitAsync(LongestWait, time, ct);
        }
        catch (TimeoutException)
        {
            // They are being made all the same.
        }
    }

    /// <summary>Has vectors made, so many that it takes about a second, where it is time for it; one try at a time.</summary>
    private Task EmbedAsync(bool isAsked)
    {
        lock (_embedding)
        {
            var waiting = Volatile.Read(ref _changed);
            var isTime = waiting >= WaitingForVectors
                || (waiting > 0 && (isAsked || time.GetElapsedTime(Volatile.Read(ref _changedSince)) > LongestWithoutVectors));
            if (_embedded.IsCompleted && isTime && time.GetTimestamp() >= _embedNext)
            {
                _embedded = EmbedAsync(waiting);
            }

            return _embedded;
        }
    }

    private async Task EmbedAsync(int waiting)
    {
        try
        {
            var isMore = await grains.GetGrain<IPatternEmbedderGrain>($"{project}").EmbedAsync(stopping);
            Interlocked.Add(ref _changed, isMore ? 0 : -waiting);
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            _embedNext = time.GetTimestamp() + (long)(AfterFailure.TotalSeconds * time.TimestampFrequency);
            NotEmbedded(e); // They are found by their words all the same.
        }
    }

    private void Changed(int patterns)
    {
        if (patterns > 0 && Interlocked.Add(ref _changed, patterns) == patterns)
        {
            Volatile.Write(ref _changedSince, time.GetTimestamp());
        }
    }

    private static byte[] HashOf(string words) => SHA256.HashData(Encoding.UTF8.GetBytes(words));

    private T Used<T>(T what)
    {
        if (!_isUsed)
        {
            _isUsed = true; // Not written each time: every line that is taken comes here.
        }

        return what;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Log patterns are not being compared just now")]
    private partial void NotMined(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Log patterns get no vectors just now; searches by meaning do not find new ones")]
    private partial void NotEmbedded(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Log patterns that other nodes found cannot be read just now")]
    private partial void NotRefreshed(Exception exception);
}
