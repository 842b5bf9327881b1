using System.Collections.Concurrent;
using Bayou.Database;
using Npgsql;

namespace Bayou.Segments;

/// <summary>
/// Chooses which segments are written as one: closed ones that are enough or wait for long, then small sealed ones. Only such that follow each other by their
/// ids, for bounds tell which segment a row is in; and none that would outlive its retention, or be most of what the disk may have.
/// </summary>
/// <param name="alone">Of a group that could not be sealed: tried again one by one, behind the others.</param>
internal sealed class SegmentChoice(SegmentKind kind, ConcurrentDictionary<int, bool> alone)
{
    private const int LeastSegments = 8; // of what a project may take of the disk

    /// <param name="closedBy">Of closed ones those that were by then; null for whatever is due.</param>
    /// <returns>None for nothing.</returns>
    public async Task<int[]> OfAsync(NpgsqlConnection connection, DateTime? closedBy, CancellationToken ct)
    {
        var all = await ReadAsync(connection, closedBy, ct);
        if (all.Where(one => one.IsReady && alone.ContainsKey(one.Id)).MinBy(one => one.ChangedAt) is { } single)
        {
            return [single.Id];
        }

        var chosen = Runs(all, one => one.IsReady)
            .FirstOrDefault(run => Rows(run) >= kind.SmallRows || run.Any(part => part.Age >= Class(part).LongestOpen));
        chosen ??= kind.SmallRows == kind.SealedRows ? null
            : Runs(all, one => one.IsSealed && one.Rows < kind.SealedRows / 2 && !alone.ContainsKey(one.Id))
                .FirstOrDefault(run => Rows(run) >= kind.SealedRows);
        return chosen is null ? [] : [.. chosen.Select(part => part.Id)];
    }

    private IEnumerable<List<Candidate>> Runs(List<Candidate> all, Func<Candidate, bool> isPart)
    {
        var run = new List<Candidate>();
        foreach (var one in all)
        {
            if (run.Count > 0 && (!isPart(one) || IsEnough(run, one)))
            {
                yield return run;
                run = [];
            }

            if (isPart(one))
            {
                run.Add(one);
            }
        }

        if (run.Count > 0)
        {
            yield return run;
        }
    }

    private bool IsEnough(List<Candidate> run, Candidate next) =>
        (run[0].Project, run[0].Retention) != (next.Project, next.Retention) || Rows(run) >= kind.SealedRows
        || run.Sum(part => part.Bytes) + next.Bytes > kind.MostBytes / LeastSegments
        || next.To - run[0].From > Class(next).LongestOpen;

    private SegmentClass Class(Candidate of) => kind.Classes.Single(one => one.Name == of.Retention);

    private static long Rows(List<Candidate> run) => run.Sum(part => part.Rows);

    private async Task<List<Candidate>> ReadAsync(NpgsqlConnection connection, DateTime? closedBy, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT id, state = 'sealed', state = 'closed' AND changed_at <= now() - $1 AND changed_at <= $2, (SELECT sum(n) FROM unnest(lines) n)::bigint,
                   project_id, retention, now() - created_at, changed_at, min_time, max_time,
                   {(kind.MostBytes < long.MaxValue ? $"coalesce({kind.SizeSql}, 0)" : "0::bigint")}
              FROM {kind.Catalogue} WHERE state <> 'expired' AND min_id IS NOT NULL ORDER BY project_id, retention, min_id
            """, connection);
        command.With(kind.SealAfter, closedBy ?? DateTime.MaxValue.ToUniversalTime());
        var all = new List<Candidate>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            all.Add(new(
                reader.GetInt32(0), reader.GetBoolean(1), reader.GetBoolean(2), reader.GetInt64(3), reader.GetInt32(4), reader.GetString(5),
                reader.GetTimeSpan(6), reader.GetDateTime(7), reader.GetDateTime(8), reader.GetDateTime(9), reader.GetInt64(10)));
        }

        return all;
    }

    private sealed record Candidate(
        int Id, bool IsSealed, bool IsReady, long Rows, int Project, string Retention, TimeSpan Age, DateTime ChangedAt, DateTime From, DateTime To,
        long Bytes);
}
