using System.Text;
using System.Text.Json;
using Bayou.Access;
using Bayou.Database;
using Bayou.Http;
using Bayou.Ingest;
using Bayou.Projects;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Jobs;

/// <summary>What became of the jobs that were asked for.</summary>
/// <param name="Id">Of the first of them.</param>
/// <param name="Duplicate">Nothing was added: that job has its key already, or the request was made before.</param>
/// <param name="Jobs">In the order in which they came.</param>
/// <param name="ThenId">Of the one that runs when all are done.</param>
internal sealed record EnqueueAnswer(long Id, bool Duplicate, IReadOnlyList<EnqueuedJob> Jobs, long? ThenId);

/// <summary><c>POST /worker/jobs</c>.</summary>
internal sealed class JobEnqueue(
    NpgsqlDataSource db, JobTypes types, JobBell bell, JobRoom room, RequestBody bodies, TimeProvider time, IOptions<JobsOptions> options)
{
    private const int MaxBody = 8 * 1024 * 1024;
    private const int MostJobs = 1_000;
    private const string Address = "POST /worker/jobs\n"; // Its keys are its own.

    public async Task<Results<AcceptedResult<EnqueueAnswer>, ApiProblem>> PostAsync(HttpContext http, CancellationToken ct)
    {
        var (key, problem) = IngestEndpoints.KeyOf(http);
        if (problem is not null)
        {
            return problem;
        }

        if (!await room.HasAnyAsync(ct))
        {
            return ApiProblem.Unavailable("Too many jobs wait already.");
        }

        IngestEndpoints.LiftLimit(http);
        var (body, unreadable) = await bodies.ReadAsync(http, MaxBody, ct);
        using var taken = body;
        if (taken is null)
        {
            return unreadable!;
        }

        var (jobs, then, wrong) = TryRead(taken.Bytes, http);
        if (wrong is not null)
        {
            return wrong;
        }

        try
        {
            return await EnqueueAsync(jobs!, then, key is null ? null : SubmissionKey.Of(http.Project(), Address + key, taken.Bytes.Span, new()), ct);
        }
        catch (PostgresException e) when (e.SqlState.StartsWith("22", StringComparison.Ordinal)) // of data
        {
            return ApiProblem.Of(JobBody.Unstorable)!;
        }
    }

    private async Task<Results<AcceptedResult<EnqueueAnswer>, ApiProblem>> EnqueueAsync(
        IReadOnlyList<NewJob> jobs, NewJob? then, SubmissionKey? key, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (key is not null)
        {
            var outcome = (await IdempotencyKeys.ClaimAsync(connection, [key], 0, 0, ct)).OutcomeOf(key);
            if (outcome.State != SubmissionState.Accepted)
            {
                return IngestOutcome.Of(new(), outcome) is { Problem: { } problem } ? problem
                    : new AcceptedResult<EnqueueAnswer>(IngestOutcome.Of(new(), outcome).Taken!);
            }
        }

        var (made, refusal) = await JobQueue.EnqueueAsync(connection, jobs, ct);
        IReadOnlyList<EnqueuedJob>? last = null;
        if (made is not null && then is not null)
        {
            (last, refusal) = await JobQueue.EnqueueAsync(connection, [then with { After = [.. then.After, .. made.Select(job => job.Id)] }], ct);
        }

        if (refusal is not null)
        {
            return ApiProblem.Of(new FieldError(refusal.Field, refusal.Message, jobs.Count > 1 ? refusal.Index : null))!;
        }

        var answer = new EnqueueAnswer(made![0].Id, made.All(job => job.Duplicate), made, last?[0].Id);
        if (key is not null)
        {
            await using var keep = new NpgsqlCommand("UPDATE ingest_keys SET answer = $3::jsonb WHERE project_id = $1 AND key_hash = $2", connection);
            keep.With<int>(key.Project);
            keep.With<byte[]>(key.Hash);
            keep.With<string>(JsonSerializer.Serialize(answer, Json.Options));
            await keep.ExecuteNonQueryAsync(ct);
        }

        await transaction.CommitAsync(ct);
        bell.Ring();
        return new AcceptedResult<EnqueueAnswer>(answer);
    }

    private (IReadOnlyList<NewJob>? Jobs, NewJob? Then, ApiProblem? Problem) TryRead(ReadOnlyMemory<byte> body, HttpContext http)
    {
        try
        {
            return Read(body, http);
        }
        catch (InvalidOperationException) // The reader's word for half a surrogate pair, which it finds where it is looked at.
        {
            return (null, null, ApiProblem.Of(new FieldError("body", "has half a surrogate pair, which is no text")));
        }
    }

    /// <summary>One job, a list of them, or a list and what runs when all are done.</summary>
    private (IReadOnlyList<NewJob>? Jobs, NewJob? Then, ApiProblem? Problem) Read(ReadOnlyMemory<byte> body, HttpContext http)
    {
        JsonElement root;
        try
        {
            using var document = JsonDocument.Parse(body);
            root = document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return (null, null, ApiProblem.Of(new FieldError("body", "must be JSON")));
        }

        var isBatch = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("jobs", out _);
        var items = isBatch ? root.GetProperty("jobs") : root;
        if (isBatch && root.EnumerateObject().Select(property => property.Name).FirstOrDefault(name => name is not ("jobs" or "then")) is { } unknown)
        {
            return (null, null, ApiProblem.Of(new FieldError(unknown, "does not go with jobs; there is then")));
        }

        JsonElement[] list = items.ValueKind == JsonValueKind.Array ? [.. items.EnumerateArray()] : [items];
        if (list.Length is 0 or > MostJobs || (isBatch && items.ValueKind != JsonValueKind.Array))
        {
            return (null, null, ApiProblem.Of(new FieldError(isBatch ? "jobs" : "body", $"must be 1 to {MostJobs} jobs")));
        }

        var isOne = !isBatch && items.ValueKind != JsonValueKind.Array;
        var (jobs, wrong) = (new List<NewJob>(list.Length), new List<FieldError>());
        for (var i = 0; i < list.Length; i++)
        {
            var (job, error) = Read(list[i], http);
            if (job is not null)
            {
                jobs.Add(job);
            }
            else if (wrong.Count < ItemErrors.Most)
            {
                wrong.Add(isOne ? error! : error! with { Index = i });
            }
        }

        NewJob? then = null;
        if (isBatch && root.TryGetProperty("then", out var last))
        {
            (then, var error) = Read(last, http);
            if (error is not null)
            {
                wrong.Add(error with { Field = $"then.{error.Field}" });
            }

            then = then is null || last.TryGetProperty("after_any_end", out _) ? then : then with { AfterAnyEnd = true };
        }

        return wrong.Count > 0 ? (null, null, ApiProblem.Validation($"{wrong[0].Field} {wrong[0].Message}.", wrong)) : (jobs, then, null);
    }

    private (NewJob? Job, FieldError? Wrong) Read(JsonElement item, HttpContext http)
    {
        var (body, wrong) = JsonBody.Read<JobBody>(Encoding.UTF8.GetBytes(item.GetRawText()));
        var caller = http.Caller()!;
        return body is null ? (null, wrong)
            : body.Read(types, options.Value, http.Project(), caller.IsOwner, caller.Actor, TraceIds.Of(http), time.GetUtcNow());
    }
}
