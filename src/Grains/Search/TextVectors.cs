using Bayou.Database;
using Microsoft.Extensions.Logging;
using Npgsql;
using Pgvector;

namespace Bayou.Search;

/// <summary>
/// The vectors of texts, in a table for each model: of log patterns, and of whatever else is to be found by its meaning; a text is known by its kind and id.
/// With pgvector PostgreSQL finds the nearest by an index; without it each process compares all, exactly. Only one process writes those of a kind.
/// </summary>
internal sealed partial class TextVectors(NpgsqlDataSource db, ITextEmbedder embedder, ILogger<TextVectors> logger) : IDisposable
{
    private static readonly AdvisoryLock Setup = new("search.vectors");

    private readonly SemaphoreSlim _one = new(1);
    private readonly Dictionary<(int Project, string Kind), InMemory> _inMemory = []; // only without pgvector
    private bool? _hasIndex;

    /// <summary>Made by <see cref="ReadyAsync"/>.</summary>
    public string Table => $"search_vectors_{embedder.Model}";

    public static float[] OfLengthOne(float[] vector)
    {
        var length = MathF.Sqrt(System.Numerics.Tensors.TensorPrimitives.SumOfSquares<float>(vector));
        return length > 0 ? Array.ConvertAll(vector, value => value / length) : vector;
    }

    /// <summary>Makes the table, or makes it one with an index where pgvector has come since.</summary>
    /// <returns>Whether there is an index.</returns>
    public async Task<bool> ReadyAsync(CancellationToken ct)
    {
        if (_hasIndex is { } known)
        {
            return known;
        }

        await ExtendAsync(ct);
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await Setup.AcquireAsync(connection, ct);
        var hasIndex = (bool)(await ScalarAsync(connection, "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector')", ct))!;
        await ScalarAsync(connection, $"""
            CREATE SEQUENCE IF NOT EXISTS {Table}_stamp_seq CACHE 1;
            CREATE TABLE IF NOT EXISTS {Table} (
                project_id int    NOT NULL REFERENCES projects,
                kind       text   NOT NULL,
                item_id    bigint NOT NULL,
                revision   bigint NOT NULL, -- of the item whose text it is
                stamp      bigint NOT NULL DEFAULT nextval('{Table}_stamp_seq'), -- serves processes that have all in memory
                embedding  {(hasIndex ? $"vector({embedder.Dimensions})" : "real[]")} NOT NULL,
                PRIMARY KEY (project_id, kind, item_id)
            );
            """, ct);
        if (hasIndex)
        {
            var type = (string)(await ScalarAsync(
                connection, $"SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = '{Table}'::regclass AND attname = 'embedding'", ct))!;
            var change = type == "vector" ? "" : $"ALTER TABLE {Table} ALTER embedding TYPE vector({embedder.Dimensions}) USING embedding::vector;";
            await ScalarAsync(connection, $"{change} CREATE INDEX IF NOT EXISTS {Table}_nearest ON {Table} USING hnsw (embedding vector_cosine_ops)", ct);
        }

        await transaction.CommitAsync(ct);
        if (hasIndex)
        {
            await db.ReloadTypesAsync(ct); // The type may be younger than the first connection.
        }

        _hasIndex = hasIndex;
        return hasIndex;
    }

    /// <summary>Keeps the vectors of texts, each with the revision of what it is the text of.</summary>
    public async Task PutAsync(int project, string kind, IReadOnlyList<(long Id, long Revision, float[] Vector)> texts, CancellationToken ct)
    {
        var type = await ReadyAsync(ct) ? $"real[]::vector({embedder.Dimensions})" : "real[]";
        await using var batch = db.CreateBatch();
        foreach (var (id, revision, vector) in texts)
        {
            batch.BatchCommands.Add(new($"""
                INSERT INTO {Table} (project_id, kind, item_id, revision, embedding) VALUES ($1, $2, $3, $4, $5::{type})
                ON CONFLICT (project_id, kind, item_id) DO UPDATE SET revision = excluded.revision, embedding = excluded.embedding, stamp = excluded.stamp
                """)
            {
                Parameters = { new() { Value = project }, new() { Value = kind }, new() { Value = id }, new() { Value = revision }, new() { Value = vector } },
            });
        }

        await batch.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Texts whose meaning is near that of another, nearest first, with the cosine.</summary>
    /// <param name="among">Null for all of the kind.</param>
    public async Task<List<(long Id, float Likeness)>> NearestAsync(
        int project, string kind, float[] vector, float least, int most, IReadOnlySet<long>? among, CancellationToken ct)
    {
        if (!await ReadyAsync(ct))
        {
            return (await InMemoryAsync(project, kind, ct)).Nearest(vector, least, most, among);
        }

        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ScalarAsync(connection, $"SET LOCAL hnsw.ef_search = {Math.Clamp(most, 40, 1_000)}", ct);

        var nearest = new List<(long Id, float Likeness)>();

        // The index knows the nearest of all. Where others have taken the places of those asked for, these are compared one by one.
        foreach (var order in (string[])["embedding <=> $1", "(embedding <=> $1) + 0"])
        {
            await using var command = new NpgsqlCommand($"""
                SELECT item_id, (1 - (embedding <=> $1))::real FROM {Table}
                 WHERE project_id = $2 AND kind = $3 AND ($5::bigint[] IS NULL OR item_id = ANY ($5)) ORDER BY {order} LIMIT $4
                """, connection);
            command.With(new Vector(vector), project, kind, most, among?.ToArray());
            await using var reader = await command.ExecuteReaderAsync(ct);
            nearest.Clear();
            var isAll = false;
            while (!isAll && await reader.ReadAsync(ct))
            {
                nearest.Add((reader.GetInt64(0), reader.GetFloat(1)));
                isAll = nearest[^1].Likeness < least;
            }

            nearest.RemoveAll(text => text.Likeness < least);

            if (isAll || nearest.Count == most)
            {
                return nearest;
            }
        }

        return nearest;
    }

    /// <summary>Lets go all vectors of a project, whatever model made them.</summary>
    public async Task ForgetAsync(int project, CancellationToken ct)
    {
        await using var list = db.CreateCommand(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename LIKE 'search\\_vectors\\_%'");
        var tables = new List<string>();
        await using (var reader = await list.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
            {
                tables.Add(reader.GetString(0));
            }
        }

        foreach (var table in tables)
        {
            await using var command = db.CreateCommand($"DELETE FROM {table} WHERE project_id = $1");
            command.With(project);
            await command.ExecuteNonQueryAsync(ct);
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<InMemory> InMemoryAsync(int project, string kind, CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        try
        {
            if (!_inMemory.TryGetValue((project, kind), out var known))
            {
                _inMemory[(project, kind)] = known = new();
            }

            await using var command = db.CreateCommand(
                $"SELECT item_id, embedding, stamp FROM {Table} WHERE project_id = $1 AND kind = $2 AND stamp > $3 ORDER BY stamp");
            command.With(project, kind, known.Stamp);
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                known.Put(reader.GetInt64(0), reader.GetFieldValue<float[]>(1), reader.GetInt64(2));
            }

            return known;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Makes pgvector there, where the server has it and lets us.</summary>
    private async Task ExtendAsync(CancellationToken ct)
    {
        try
        {
            await using var command = db.CreateCommand("""
                DO $$ BEGIN
                    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') THEN CREATE EXTENSION IF NOT EXISTS vector; END IF;
                END $$
                """);
            await command.ExecuteNonQueryAsync(ct);
        }
        catch (PostgresException e)
        {
            NotExtended(e.MessageText);
        }
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(ct);
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "This database may not have pgvector made ({Reason}); searches by meaning compare all vectors. CREATE EXTENSION vector gives them an index")]
    private partial void NotExtended(string reason);

    /// <summary>All vectors of a kind, of a project.</summary>
    private sealed class InMemory
    {
        private readonly Dictionary<long, int> _places = [];
        private readonly List<(long Id, float[] Vector)> _vectors = [];
        private readonly Lock _lock = new();

        public long Stamp { get; private set; }

        public void Put(long id, float[] vector, long stamp)
        {
            lock (_lock)
            {
                if (_places.TryGetValue(id, out var place))
                {
                    _vectors[place] = (id, vector);
                }
                else
                {
                    _places[id] = _vectors.Count;
                    _vectors.Add((id, vector));
                }

                Stamp = stamp;
            }
        }

        public List<(long Id, float Likeness)> Nearest(float[] vector, float least, int most, IReadOnlySet<long>? among)
        {
            lock (_lock)
            {
                return [.. _vectors.Where(text => among?.Contains(text.Id) != false)
                    .Select(text => (text.Id, Likeness: System.Numerics.Tensors.TensorPrimitives.Dot<float>(text.Vector, vector)))
                    .Where(text => text.Likeness >= least)
                    .OrderByDescending(text => text.Likeness).ThenBy(text => text.Id).Take(most)];
            }
        }
    }
}
