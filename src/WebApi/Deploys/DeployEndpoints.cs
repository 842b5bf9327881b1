using System.Text;
using System.Text.Json;
using Bayou.Database;
using Bayou.Http;
using Bayou.Ingest;
using Bayou.Metrics;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Deploys;

/// <summary>One row of <c>GET /deploys</c>.</summary>
internal sealed record DeployRow(long Id, string Service, string Version, DateTime Time, string Source);

internal static class DeployEndpoints
{
    private const int MaxBody = 64 * 1024;
    private const int MaxErrorName = 64;

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
        filter.Add($"w.project_id = {IngestService.DefaultProject}");
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
        var (deploy, errors) = Read(taken.Bytes, now, now.AddDays(-options.Value.RetentionDays));
        if (errors.Count > 0)
        {
            return ApiProblem.Validation($"{errors[0].Field} {errors[0].Message}.", errors);
        }

        var added = await deploys.AddAsync(deploy, ct);
        return new ApiResult(new { deploy.Service, deploy.Version, Time = deploy.Time.UtcDateTime, duplicate = !added }, Status: StatusCodes.Status202Accepted);
    }

    private static (Deploy Deploy, List<FieldError> Errors) Read(ReadOnlyMemory<byte> body, DateTimeOffset now, DateTimeOffset oldest)
    {
        var errors = new List<FieldError>();
        var (service, version, at) = ("", "", now);
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                return (null!, [new("body", "must be one JSON object")]);
            }

            var seen = new HashSet<string>();
            foreach (var property in json.RootElement.EnumerateObject())
            {
                var problem = !seen.Add(property.Name) ? "is given twice" : property.Name switch
                {
                    "service" => Text(property.Value, ObservationReader.MaxService, ref service),
                    "version" => Text(property.Value, ObservationReader.MaxVersion, ref version),
                    "time" => Time(property.Value, oldest, now + IngestService.MaxAhead, ref at),
                    _ => "is not a known field; expected one of service, version, time",
                };
                if (problem is not null)
                {
                    errors.Add(new(property.Name[..Math.Min(property.Name.Length, MaxErrorName)], problem));
                }
            }
        }
        catch (InvalidOperationException) // What the document throws at text that is no UTF-16, such as \ud800.
        {
            return (null!, [new("body", "has an escape that is no character")]);
        }
        catch (JsonException e)
        {
            return (null!, [new("body", $"is not valid JSON (byte {e.BytePositionInLine})")]);
        }

        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[("service", service), ("version", version)])
        {
            if (value.Length == 0 && errors.TrueForAll(error => error.Field != name))
            {
                errors.Add(new(name, "is required"));
            }
        }

        return (new(service, version, at), errors);
    }

    private static string? Text(JsonElement value, int longest, ref string text)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            return "must be a string";
        }

        text = value.GetString()!;
        return ObservationReader.TextProblem(text, longest);
    }

    private static string? Time(JsonElement value, DateTimeOffset oldest, DateTimeOffset newest, ref DateTimeOffset time)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        var parsed = value.ValueKind == JsonValueKind.Number ? value.TryGetInt64(out var ms) && Times.FromUnixMilliseconds(ms, out time)
            : value.ValueKind == JsonValueKind.String && Times.TryParse(value.GetString(), out time);
        var problem = parsed ? ObservationReader.TimeProblem(time, oldest, newest) : Times.Expected;
        return problem is null ? null : Times.UnitProblem(Encoding.UTF8.GetBytes(value.ToString())) ?? problem;
    }

    private sealed record DeployDoc(string Service, string Version, DateTimeOffset? Time);
}
