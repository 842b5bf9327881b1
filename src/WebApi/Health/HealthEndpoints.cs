using System.Reflection;
using System.Text.Json.Serialization;
using Bayou.Access;
using Bayou.Cluster;
using Bayou.Database;
using Bayou.Http;
using Bayou.Jobs;
using Bayou.Windows;
using Microsoft.AspNetCore.Http.Metadata;
using Npgsql;

namespace Bayou.Health;

internal enum HealthStatus { Healthy, Degraded, Unhealthy }

/// <summary>One thing that can be well or not.</summary>
internal sealed record HealthPart(
    HealthStatus Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Message = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, double>? Figures = null);

/// <param name="Status">The worst of its parts.</param>
internal sealed record HealthAnswer(HealthStatus Status, IReadOnlyDictionary<string, HealthPart> Parts);

internal sealed class HealthChecks(
    IServiceProvider services, [FromKeyedServices(DatabasePool.Health)] NpgsqlDataSource db, GrainReach reach, Drain drain, TimeProvider time)
{
    private static readonly TimeSpan DatabasePatience = TimeSpan.FromSeconds(2);

    // Delivery takes a few seconds in good health: a send, a flush, a check.
    private static readonly TimeSpan SlowDelivery = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan SlowJobs = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan SlowSchedules = TimeSpan.FromMinutes(2);

    /// <summary>Whether this process takes requests: not while it ends.</summary>
    public HealthPart Process() => drain.HasBegun ? new(HealthStatus.Unhealthy, "This process ends; send requests elsewhere.") : new(HealthStatus.Healthy);

    public async Task<HealthPart> DatabaseAsync(CancellationToken ct)
    {
        try
        {
            // Asked apart: one that hangs is left behind, to end by its own time limits.
            var started = time.GetTimestamp();
            await AskAsync().WaitAsync(DatabasePatience, time, ct);
            return new(HealthStatus.Healthy,
                Figures: new Dictionary<string, double> { ["round_trip_ms"] = Math.Round(time.GetElapsedTime(started).TotalMilliseconds, 3) });
        }
        catch (Exception e) when (!ct.IsCancellationRequested && DatabaseFailure.Is(e))
        {
            return new(HealthStatus.Unhealthy, "The database does not answer.");
        }
    }

    private async Task AskAsync()
    {
        await using var command = db.CreateCommand("SELECT 1");
        await command.ExecuteScalarAsync(CancellationToken.None);
    }

    /// <summary>Whether jobs are run: workers that are there, for how long the oldest that is due waits in each queue, how late schedules are.</summary>
    public async Task<HealthPart> JobsAsync(CancellationToken ct)
    {
        try
        {
            var figures = await JobHealth.ReadAsync(db, ct).WaitAsync(DatabasePatience, time, ct);
            return figures["workers"] == 0 ? new(HealthStatus.Degraded, "No worker is there: jobs wait.", figures)
                : figures.Any(figure => figure.Key.StartsWith(JobHealth.Oldest, StringComparison.Ordinal) && figure.Value > SlowJobs.TotalMilliseconds)
                ? new(HealthStatus.Degraded, "Jobs that are due have waited for over five minutes.", figures)
                : figures["scheduler_lag_ms"] > SlowSchedules.TotalMilliseconds
                ? new(HealthStatus.Degraded, "Schedules are over two minutes late.", figures)
                : new(HealthStatus.Healthy, Figures: figures);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && DatabaseFailure.Is(e))
        {
            return new(HealthStatus.Unhealthy, "The database does not answer.");
        }
    }

    /// <summary>Whether what is acknowledged here reaches the windows.</summary>
    public HealthPart Worker()
    {
        if (services.GetService<Journal>() is not { } journal || services.GetService<Outstanding>() is not { } outstanding)
        {
            return new(HealthStatus.Healthy, "This process takes nothing in.");
        }

        var figures =
            new Dictionary<string, double> { ["epoch"] = journal.Epoch, ["outstanding_rows"] = outstanding.Rows, ["outstanding_bytes"] = outstanding.Bytes };
        return !reach.IsUp ? new(HealthStatus.Degraded, "No silo can be reached; what is acknowledged waits in the journal.", figures)
            : outstanding.IsBehind(SlowDelivery)
            ? new(HealthStatus.Degraded, "What was acknowledged has not reached the windows for over a minute.", figures)
            : new(HealthStatus.Healthy, Figures: figures);
    }
}

internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").WithTags("Health").Needs(Permission.Read);
        health.MapGet("", async (HealthChecks checks, CancellationToken ct) =>
            Answer(("liveness", new(HealthStatus.Healthy)), ("process", checks.Process()), ("database", await checks.DatabaseAsync(ct)),
                ("worker", checks.Worker()), ("jobs", await checks.JobsAsync(ct))))
            .WithName("Health").WithSummary("How everything is; 503 when something does not work.");
        health.MapGet("/liveness", () => Answer(("liveness", new(HealthStatus.Healthy)))).IsOpen()
            .WithName("Liveness").WithSummary("Whether the process answers; restart it if not.");
        health.MapGet("/readiness", async (HealthChecks checks, CancellationToken ct) =>
            Answer(("process", checks.Process()), ("database", await checks.DatabaseAsync(ct)))).IsOpen()
            .WithName("Readiness").WithSummary("Whether requests can be served; send none if not.");
        health.MapGet("/database", async (HealthChecks checks, CancellationToken ct) => Answer(("database", await checks.DatabaseAsync(ct))))
            .WithName("DatabaseHealth").WithSummary("Whether the database answers.");
        health.MapGet("/worker", async (HealthChecks checks, CancellationToken ct) =>
            Answer(("worker", checks.Worker()), ("jobs", await checks.JobsAsync(ct))))
            .WithName("WorkerHealth").WithSummary("Whether what is acknowledged reaches the windows, and whether jobs are run.");
    }

    private static HealthResult Answer(params (string Name, HealthPart Part)[] parts) => new(parts);

    /// <summary>Keeps the parts beside the error: they say what is wrong.</summary>
    private sealed class HealthResult((string Name, HealthPart Part)[] parts) : IResult, IEndpointMetadataProvider
    {
        public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => builder.Metadata.Add(AnswerSpec.Of<Answer<HealthAnswer>>());

        public Task ExecuteAsync(HttpContext httpContext)
        {
            var status = parts.Max(p => p.Part.Status);
            var failed = status == HealthStatus.Unhealthy;
            var problem = ApiProblem.Unavailable(parts.FirstOrDefault(p => p.Part.Status == status).Part?.Message ?? "Something does not work.");
            httpContext.Response.StatusCode = failed ? problem.Status : StatusCodes.Status200OK;
            if (failed)
            {
                httpContext.Response.Headers.RetryAfter = "2";
            }

            var data = new HealthAnswer(status, parts.ToDictionary(p => p.Name, p => p.Part));
            return Json.WriteAsync(httpContext, new Envelope(data, failed ? problem.Error(httpContext) : null, null));
        }
    }
}
