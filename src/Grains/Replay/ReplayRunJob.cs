using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Bayou.Database;
using Bayou.Jobs;
using Bayou.Outgoing;
using Npgsql;

namespace Bayou.Replay;

/// <summary>Which run is to be done.</summary>
internal sealed record ReplayRunPayload
{
    [Description("The run's id, as POST /replay/runs gives it.")]
    [Range(1, long.MaxValue, ErrorMessage = "must be the id of a run")]
    public required long RunId { get; init; }
}

/// <summary>How a run is done.</summary>
/// <param name="Stage">Of the targets; empty for those that services have for any stage.</param>
/// <param name="Concurrency">Requests under way at once.</param>
/// <param name="PerSecond">Requests begun in a second, at most.</param>
/// <param name="Twice">Whether each is sent a second time, and what differs between both left out.</param>
/// <param name="Confirm">Whether those that change something are sent.</param>
internal sealed record ReplayRunSettings(string Stage, int Concurrency, double PerSecond, bool Twice, bool Confirm);

/// <summary>Sends many captured requests again, each once, however often the job itself is tried.</summary>
internal sealed class ReplayRunJob(
    NpgsqlDataSource db, RecordedRequests recorded, ReplaySender sender, ReplayStore store, TargetStore targets, TimeProvider time) : IJob<ReplayRunPayload>
{
    public static JobType Type { get; } = new("replay.run", "Sends captured requests again and compares their answers; begun by POST /replay/runs.")
    {
        Queue = JobType.HttpQueue, MaxAttempts = 3, TimeLimit = TimeSpan.FromHours(1),
    };

    public async Task<object?> RunAsync(ReplayRunPayload payload, JobContext job, CancellationToken ct)
    {
        if (await ReadAsync(job.Project, payload.RunId, ct) is not var (ids, settings, by))
        {
            throw new JobException($"There is no run {payload.RunId}.") { IsFinal = true };
        }

        var done = await DoneAsync(payload.RunId, ct);
        var left = await recorded.ReadAsync(job.Project, [.. ids.Except(done)], ct);
        var rules = await store.SettingsAsync(job.Project, ct);
        var (count, begun) = (done.Count, time.GetTimestamp());
        using var pace = new SemaphoreSlim(1);
        var next = TimeSpan.Zero;
        await Parallel.ForEachAsync(left, new ParallelOptions { MaxDegreeOfParallelism = settings.Concurrency, CancellationToken = ct }, async (one, stop) =>
        {
            await PaceAsync(stop);
            if (await store.AddAsync(job.Project, one, Begun(one), payload.RunId, by, stop) is { } id)
            {
                await store.EndAsync(id, await SendAsync(job.Project, one, settings, rules, stop), stop);
            }

            job.Report(Interlocked.Increment(ref count) / (double)ids.Length, $"{count} of {ids.Length}");
        });
        await using var end = db.CreateCommand("UPDATE replay_runs SET ended_at = now() WHERE id = $1");
        end.With(payload.RunId);
        await end.ExecuteNonQueryAsync(ct);
        return await SumAsync(payload.RunId, ids.Length, ct);

        async Task PaceAsync(CancellationToken stop)
        {
            await pace.WaitAsync(stop);
            try
            {
                var wait = next - time.GetElapsedTime(begun);
                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, time, stop);
                }

                next = time.GetElapsedTime(begun) + TimeSpan.FromSeconds(1 / settings.PerSecond);
            }
            finally
            {
                pace.Release();
            }
        }
    }

    /// <summary>As it stays where a node dies before the answer: what may have been sent is not sent a second time.</summary>
    private static Replayed Begun(RecordedRequest one) => new(one.Method, "", null, null, "Begun, and its answer was not seen", null);

    private async Task<Replayed> SendAsync(int project, RecordedRequest one, ReplayRunSettings settings, ReplaySettings rules, CancellationToken ct)
    {
        if (!settings.Confirm && !ReplayRequest.IsSafe(one.Method))
        {
            return Refused(new("confirm", $"must be true for {one.Method}", IsForbidden: true));
        }

        if (await targets.FindAsync(project, one.Service, settings.Stage, ct) is not { } target
            || (settings.Stage.Length > 0 && settings.Stage != target.Stage))
        {
            return Refused(new("stage", $"has no registered target of service {one.Service}", IsForbidden: false));
        }

        if (target.IsProduction && !settings.Confirm)
        {
            return Refused(new("confirm", "must be true for a production target", IsForbidden: true));
        }

        return await sender.SendAsync(
            one, ReplayEdits.None, target, rules, await store.IgnoredAsync(project, one.Service, one.Endpoint, ct), settings.Twice, ct);

        Replayed Refused(ReplayRefusal why) => new(one.Method, "", null, null, null, why);
    }

    private async Task<(long[] Ids, ReplayRunSettings Settings, string By)?> ReadAsync(int project, long run, CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT snapshot_ids, settings::text, created_by FROM replay_runs WHERE project_id = $1 AND id = $2");
        command.With(project, run);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? (reader.GetFieldValue<long[]>(0), JsonSerializer.Deserialize<ReplayRunSettings>(reader.GetString(1), ReplayStore.Written)!, reader.GetString(2))
            : null;
    }

    private async Task<HashSet<long>> DoneAsync(long run, CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT coalesce(array_agg(snapshot_id), '{}') FROM replays WHERE run_id = $1");
        command.With(run);
        return [.. (long[])(await command.ExecuteScalarAsync(ct))!];
    }

    private async Task<object> SumAsync(long run, int asked, CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT outcome, count(*) FROM replays WHERE run_id = $1 GROUP BY 1");
        command.With(run);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var counts = new Dictionary<string, long>();
        while (await reader.ReadAsync(ct))
        {
            counts[reader.GetString(0)] = reader.GetInt64(1);
        }

        return new
        {
            asked, same = counts.GetValueOrDefault(Replayed.Same), differs = counts.GetValueOrDefault(Replayed.Differs),
            failed = counts.GetValueOrDefault(Replayed.Failed), refused = counts.GetValueOrDefault(Replayed.Refused), gone = asked - counts.Values.Sum(),
        };
    }
}
