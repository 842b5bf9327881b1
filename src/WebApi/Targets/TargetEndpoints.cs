using Bayou.Access;
using Bayou.Audit;
using Bayou.Database;
using Bayou.Http;
using Bayou.Outgoing;
using Bayou.Projects;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Targets;

/// <summary>Where a service is reached.</summary>
/// <param name="Stage">Empty for whatever stage has none of its own.</param>
/// <param name="HeaderNames">Of headers that are sent with every call; what they hold is told to nobody.</param>
/// <param name="AllowPrivate">It may be in a network of one's own.</param>
/// <param name="IsProduction">Whoever sends a captured request there is asked again.</param>
internal sealed record TargetRow(
    string Service, string Stage, string BaseUrl, IReadOnlyList<string> HeaderNames, bool AllowPrivate, bool IsProduction, DateTime UpdatedAt);

internal static class TargetEndpoints
{
    /// <summary>Unless told, a target of such a stage is the one that customers are served from.</summary>
    private static readonly HashSet<string> ProductionStages = new(StringComparer.OrdinalIgnoreCase) { "production", "prod", "live" };

    private const int LongestName = 200;
    private const int MostHeaders = 50;
    private const int LongestHeader = 8_192;

    public static void MapTargets(this IEndpointRouteBuilder routes)
    {
        var targets = routes.MapGroup("/replay/targets").WithTags("Targets");
        targets.MapGet("", ListAsync).Needs(Permission.Read).WithName("ListTargets").WithSummary("Where services are reached, for what Bayou itself calls.");
        const string Stage = "/{service}/{stage}";
        DescribePut(targets.MapPut("/{service}", (HttpContext http, string service, RequestBody bodies, TargetStore store, NpgsqlDataSource db,
            CancellationToken ct) => PutAsync(http, service, "", bodies, store, db, ct)), "PutTarget");
        DescribePut(targets.MapPut(Stage, PutAsync), "PutTargetOfStage");
        DescribeDelete(targets.MapDelete("/{service}", (HttpContext http, string service, NpgsqlDataSource db, CancellationToken ct) =>
            DeleteAsync(http, service, "", db, ct)), "DeleteTarget");
        DescribeDelete(targets.MapDelete(Stage, DeleteAsync), "DeleteTargetOfStage");
    }

    private static void DescribePut(RouteHandlerBuilder route, string name) => route.Needs(Permission.Admin).WithName(name)
        .WithSummary("Says where a service is reached. Headers replace those that were; without headers they stay, unless it is another origin.")
        .WithMetadata(new BodySpec(RequestBody.Types, "Its URL, and what is sent with every call.", typeof(TargetBody)));

    private static void DescribeDelete(RouteHandlerBuilder route, string name) =>
        route.Needs(Permission.Admin).WithName(name).WithSummary("Forgets where a service is reached.");

    private static async Task<ApiResult<IEnumerable<TargetRow>>> ListAsync(HttpContext http, NpgsqlDataSource db, CancellationToken ct)
    {
        await using var command = db.CreateCommand("""
            SELECT service, stage, base_url, header_names, allow_private, is_production, updated_at FROM targets WHERE project_id = $1 ORDER BY service, stage
            """);
        command.With(http.Project());
        var rows = new List<TargetRow>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            rows.Add(new(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetFieldValue<string[]>(3), reader.GetBoolean(4),
                reader.GetBoolean(5), reader.GetDateTime(6)));
        }

        return new(rows);
    }

    private static async Task<Results<NoContent, ApiProblem>> PutAsync(
        HttpContext http, string service, string stage, RequestBody bodies, TargetStore store, NpgsqlDataSource db, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<TargetBody>(http, bodies, ct);
        if (body is null || (problem = ApiProblem.Of(
            NameError("service", service), NameError("stage", stage), UrlError(body.BaseUrl), HeaderError(body.Headers))) is not null)
        {
            return problem!;
        }

        if (body.AllowPrivate == true && !http.Caller()!.IsOwner)
        {
            return new ApiProblem(StatusCodes.Status403Forbidden, "FORBIDDEN", "Who may call into this network is for an owner to say.",
                [new("allow_private", "is for owners to set")]);
        }

        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var asked = new Target(
            service, stage, new(body.BaseUrl!), new Dictionary<string, string>(), body.AllowPrivate ?? false,
            body.IsProduction ?? ProductionStages.Contains(stage));
        var target = await store.PutAsync(connection, http.Project(), asked, body.Headers, ct);
        var told = new { target.BaseUrl, header_names = target.Headers.Keys, target.AllowPrivate, target.IsProduction };
        await AuditLog.AddAsync(connection, http, new("target.put", NameOf(service, stage), http.Project(), After: told), ct);
        await transaction.CommitAsync(ct);
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ApiProblem>> DeleteAsync(
        HttpContext http, string service, string stage, NpgsqlDataSource db, CancellationToken ct)
    {
        if (ApiProblem.Of(NameError("service", service), NameError("stage", stage)) is { } problem)
        {
            return problem;
        }

        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var command = new NpgsqlCommand("DELETE FROM targets WHERE project_id = $1 AND service = $2 AND stage = $3", connection);
        command.With(http.Project(), service, stage);
        if (await command.ExecuteNonQueryAsync(ct) == 0)
        {
            return ApiProblem.NotFound("target");
        }

        await AuditLog.AddAsync(connection, http, new("target.delete", NameOf(service, stage), http.Project()), ct);
        await transaction.CommitAsync(ct);
        return TypedResults.NoContent();
    }

    private static string NameOf(string service, string stage) => stage.Length == 0 ? $"target:{service}" : $"target:{service}/{stage}";

    private static FieldError? NameError(string field, string name) => name.Length > LongestName || name.Contains('\0', StringComparison.Ordinal)
        ? new(field, $"must have at most {LongestName} characters") : null;

    private static FieldError? UrlError(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0 && uri.Query.Length == 0
            && uri.Fragment.Length == 0 && url!.Length <= 2_000 ? null
            : new("base_url", "must be an http or https URL without name, password, query and fragment, as https://api.example.com");

    private static FieldError? HeaderError(IReadOnlyDictionary<string, string>? headers)
    {
        return headers is null ? null
            : headers.Count > MostHeaders ? new("headers", $"must be at most {MostHeaders}")
            : headers.FirstOrDefault(header => header.Value is not { Length: <= LongestHeader }
                || !OutgoingHeaders.IsValid(header.Key, header.Value)).Key is { } wrong
                ? new($"headers.{wrong}", $"must be a header's name, and what it holds a text of printable ASCII of at most {LongestHeader} characters")
            : null;
    }

    private sealed record TargetBody(string? BaseUrl, IReadOnlyDictionary<string, string>? Headers, bool? AllowPrivate, bool? IsProduction) : IBody;
}
