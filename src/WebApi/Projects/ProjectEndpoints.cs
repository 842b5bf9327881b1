using Bayou.Access;
using Bayou.Database;
using Bayou.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Projects;

internal static class ProjectEndpoints
{
    private static readonly QuerySpec Spec = new([("deleted", "true: those that were deleted and can still be restored; owners see them.")], []);

    public static void MapProjects(this IEndpointRouteBuilder routes)
    {
        var projects = routes.MapGroup("/projects").WithTags("Projects");
        projects.MapGet("", ListAsync).Needs(Permission.Read).Describe("ListProjects", "Projects that one may see, by name.", Spec);
        projects.MapPost("", MakeAsync).Needs(Permission.Owner).WithName("MakeProject").WithSummary("Makes a project.")
            .WithMetadata(new BodySpec(RequestBody.Types, "Its name.", typeof(ProjectBody)));
        projects.MapGet("/{project:int}", GetAsync).Needs(Permission.Read).WithName("GetProject").WithSummary("One project.");
        projects.MapPatch("/{project:int}", ChangeAsync).Needs(Permission.Admin).WithName("ChangeProject")
            .WithSummary("Changes what is given of a project, and leaves the rest. Limits are for owners to change; 0 is for none.")
            .WithMetadata(new BodySpec(RequestBody.Types, "What changes.", typeof(ProjectChange)));
        projects.MapDelete("/{project:int}", DeleteAsync).Needs(Permission.Owner).WithName("DeleteProject")
            .WithSummary("Deletes a project. What it has goes after 30 days; until then it can be restored.");
        projects.MapPost("/{id:int}/restore", RestoreAsync).Needs(Permission.Owner).WithName("RestoreProject")
            .WithSummary("Restores a project that was deleted, with all it had.");
    }

    private static async Task<Results<ApiResult<IEnumerable<ProjectRow>>, ApiProblem>> ListAsync(
        HttpContext http, AccessBook book, NpgsqlDataSource db, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var isDeleted = query.Choice("deleted", "false", "true") == "true";
        if (query.Problem is { } problem)
        {
            return problem;
        }

        var caller = http.Caller()!;
        await using var connection = await db.OpenConnectionAsync(ct);
        var rows = await ProjectStore.ListAsync(connection, caller.IsOwner ? null : [.. book.Projects.Ids.Where(id => caller.In(id) is not null)],
            isDeleted && caller.IsOwner, ct);
        return new ApiResult<IEnumerable<ProjectRow>>(isDeleted && !caller.IsOwner ? [] : rows.Select(row => row with { Role = caller.In(row.Id)?.Role }));
    }

    private static async Task<Results<ApiResult<ProjectRow>, ApiProblem>> GetAsync(
        HttpContext http, NpgsqlDataSource db, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        return await ProjectStore.FindAsync(connection, http.Project(), ct) is { } row
            ? new ApiResult<ProjectRow>(row with { Role = http.Caller()!.Role }) : ApiProblem.NotFound("project");
    }

    private static async Task<Results<CreatedResult<ProjectRow>, ApiProblem>> MakeAsync(
        HttpContext http, RequestBody bodies, ProjectStore store, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<ProjectBody>(http, bodies, ct);
        if (body is null || (problem = ApiProblem.Of(ProjectRules.Name(body.Name))) is not null)
        {
            return problem!;
        }

        var (made, refused) = await store.MakeAsync(http, body.Name!.Trim(), ct);
        return made is null ? refused! : new CreatedResult<ProjectRow>(made);
    }

    private static async Task<Results<ApiResult<ProjectRow>, ApiProblem>> ChangeAsync(
        HttpContext http, RequestBody bodies, ProjectStore store, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<ProjectChange>(http, bodies, ct);
        if (body is null || (problem = ApiProblem.Of(body.Name is null ? null : ProjectRules.Name(body.Name), ProjectRules.Limit("max_endpoints",
            body.MaxEndpoints), ProjectRules.Limit("queries_per_minute", body.QueriesPerMinute), ProjectRules.Limit("ingest_per_minute", body.IngestPerMinute)))
            is not null)
        {
            return problem!;
        }

        var (changed, refused) = await store.ChangeAsync(http, body with { Name = body.Name?.Trim() }, ct);
        return changed is null ? refused! : new ApiResult<ProjectRow>(changed);
    }

    private static async Task<Results<NoContent, ApiProblem>> DeleteAsync(HttpContext http, ProjectStore store, CancellationToken ct) =>
        http.Project() == Project.Default
            ? new ApiProblem(StatusCodes.Status409Conflict, "CONFLICT", "This project stays: whatever names none means it.")
            : await store.DeleteAsync(http, ct) is { } problem ? problem : TypedResults.NoContent();

    private static async Task<Results<ApiResult<ProjectRow>, ApiProblem>> RestoreAsync(HttpContext http, int id, ProjectStore store, CancellationToken ct)
    {
        var (row, problem) = await store.RestoreAsync(http, id, ct);
        return row is null ? problem! : new ApiResult<ProjectRow>(row);
    }

    private sealed record ProjectBody(string? Name) : IBody;
}
