using Bayou.Database;
using Bayou.Http;
using Bayou.Metrics;
using Bayou.Projects;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Deploys;

/// <summary>One row of <c>GET /deploys</c>.</summary>
internal sealed record DeployRow(long Id, string Service, string Version, DateTime Time, string Source);

internal static class DeployEndpoints
{
    private const int MaxBody = 64 * 1024;

    private static readonly QuerySpec Spec = new(
        [.. ListQuery.Parameters, ("start_date", "Deploys at or after this time."), ("end_date", "Deploys before this time.")],
        [
            new("id", "w.id", FieldType.Whole), new("service", "w.service", FieldType.Text), new("version", "w.version", FieldType.Text),
            new("time", "w.time", FieldType.Time), new("source", "w.source", FieldType.Text),
        ]);

    public static IServiceCollection AddDeploys(this IServiceCollection services) => services
        .AddSingleton<DeployWriter>()
        .AddSingleton<VersionWatch>()
        .AddHostedService(provider => provider.GetRequiredService<VersionWatch>());

    public static void MapDeploys(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/deploys", ListAsync).IsRead().WithTags("Deploys").WithName("ListDeploys")
            .WithSummary("Deploys, told or seen by a service's version, newest first.").WithMetadata(Spec);
    }

    public static void MapDeployIngest(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/ingest/v1/deploys", TakeAsync).WithTags("Ingest").WithName("IngestDeploy")
            .WithSummary("Takes a deploy, to be marked on every chart of its service.")
            .WithDescription("Told again within ten minutes, by a call or by observations of the version, it is the same deploy.")
            .WithMetadata(new BodySpec(["application/json"], "The deploy; its time is now unless told.", typeof(DeployDoc)));
    }

    private static async Task<IResult> ListAsync(HttpContext http, [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var filter = new FilterSql();
        filter.Add($"w.project_id = {Project.Default}");
        var list = new ListQuery(query, Spec, filter, "w.time DESC, w.id DESC", "w.service || ' ' || w.version");
        if (query.Time("start_date") is { } start)
        {
            filter.Add($"w.time >= {start.UtcDateTime}");
        }

        if (query.Time("end_date") is { } end)
        {
            filter.Add($"w.time < {end.UtcDateTime}");
        }

        if (query.Problem is { } problem)
        {
            return problem;
        }

        // Before the rows: a poller that goes on from the newest id seen here may see a row again but never miss one.
        var (newest, drawn, total) = await CountAsync(db, filter, list.After is null, ct);
        await using var command = db.CreateCommand($"""
            SELECT w.id, w.service, w.version, w.time, w.source
              FROM deploys w
             WHERE {filter.Where}
             ORDER BY {list.OrderBy}
             LIMIT {list.Limit + 1} OFFSET {list.Offset}
            """);
        filter.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<DeployRow>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(new(reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetDateTime(3), reader.GetString(4)));
        }

        var hasMore = rows.Count > list.Limit;
        rows = hasMore ? rows[..list.Limit] : rows;
        return list.After is { } after
            ? new ApiResult(rows, new CursorMetadata(list.Limit, after > drawn ? newest : rows.Count > 0 ? rows[^1].Id : after, hasMore, Reset: after > drawn))
            : new ApiResult(rows, new PageMetadata(list.Limit, list.Offset, Math.Min(total, PageMetadata.CountedUpTo), newest, total > PageMetadata.CountedUpTo));
    }

    private static async Task<(long Newest, long Drawn, long Total)> CountAsync(NpgsqlDataSource db, FilterSql filter, bool counted, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT (SELECT coalesce(max(id), 0) FROM deploys), (SELECT last_value FROM deploys_id_seq),
                   (SELECT count(*) FROM (SELECT 1 FROM deploys w WHERE {filter.Where} LIMIT {(counted ? PageMetadata.CountedUpTo + 1 : 0)}) counted)
            """);
        filter.Bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    private static async Task<IResult> TakeAsync(
        HttpContext http, DeployWriter deploys, RequestBody bodies, IOptions<MetricsOptions> options, TimeProvider time, CancellationToken ct)
    {
        var (body, unreadable) = await bodies.ReadAsync(http, MaxBody, ct);
        using var taken = body;
        if (taken is null)
        {
            return unreadable!;
        }

        var now = time.GetUtcNow();
        var reader = new DeployReader(now, oldest: now.AddDays(-options.Value.RetentionDays));
        if (reader.Read(taken.Bytes.Span) is { } error)
        {
            return ApiProblem.Validation($"{error.Field} {error.Message}.", error);
        }

        var deploy = reader.Value;
        var added = await deploys.AddAsync(deploy, ct);
        return new ApiResult(new { deploy.Service, deploy.Version, Time = deploy.Time.UtcDateTime, duplicate = !added }, Status: StatusCodes.Status202Accepted);
    }

    private sealed record DeployDoc(string Service, string Version, DateTimeOffset? Time);
}
