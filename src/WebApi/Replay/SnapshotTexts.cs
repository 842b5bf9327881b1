using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Bayou.Database;
using Npgsql;

namespace Bayou.Replay;

/// <summary>The numbers of what captured requests are about, which PostgreSQL gives: one for a text, however many nodes come upon it at once.</summary>
internal sealed class SnapshotTexts(NpgsqlDataSource db)
{
    /// <summary>Of a project; requests about anything further are found by their words alone.</summary>
    private const int Most = 5_000;

    private readonly ConcurrentDictionary<(int Project, string Text), int> _known = new();
    private readonly ConcurrentDictionary<int, bool> _full = new();

    /// <returns>Null for one that must be looked up; 0 for none.</returns>
    public int? Find(int project, string text) => _known.TryGetValue((project, text), out var id) ? id : _full.ContainsKey(project) ? 0 : null;

    public async Task<Dictionary<string, int>> MakeAsync(int project, string[] texts, CancellationToken ct)
    {
        var hashes = Array.ConvertAll(texts, text => SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        await using (var insert = db.CreateCommand($"""
            INSERT INTO snapshot_texts (project_id, hash, text)
            SELECT $1, t.hash, t.text FROM unnest($2::bytea[], $3::text[]) AS t(hash, text)
             WHERE (SELECT count(*) FROM snapshot_texts WHERE project_id = $1) < {Most} ORDER BY t.hash
            ON CONFLICT DO NOTHING
            """))
        {
            insert.With(project, hashes, texts);
            await insert.ExecuteNonQueryAsync(ct);
        }

        await using var command = db.CreateCommand("SELECT id, text FROM snapshot_texts WHERE project_id = $1 AND hash = ANY ($2)");
        command.With(project, hashes);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var made = new Dictionary<string, int>(StringComparer.Ordinal);
        while (await reader.ReadAsync(ct))
        {
            made[reader.GetString(1)] = _known[(project, reader.GetString(1))] = reader.GetInt32(0);
        }

        if (made.Count < texts.Length)
        {
            _full[project] = true;
        }

        return made;
    }

    /// <summary>All of a project.</summary>
    public async Task<List<(int Id, string Text)>> AllAsync(int project, CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT id, text FROM snapshot_texts WHERE project_id = $1");
        command.With(project);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var all = new List<(int, string)>();
        while (await reader.ReadAsync(ct))
        {
            all.Add((reader.GetInt32(0), reader.GetString(1)));
        }

        return all;
    }
}
