using Bayou.Access;
using Bayou.Http;

namespace Bayou.Projects;

/// <summary>A row of <c>GET /projects</c>.</summary>
internal sealed record ProjectRow(int Id, string Name);

internal static class ProjectEndpoints
{
    public static void MapProjects(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/projects", () => new ApiResult<IEnumerable<ProjectRow>>([new(Project.Default, "default")])).Needs(Permission.Read)
            .WithTags("Projects").WithName("ListProjects").WithSummary("Projects that one may see.");

    /// <summary>Answers 404 for a project that there is not.</summary>
    public static ValueTask<object?> ThereAsync(EndpointFilterInvocationContext call, EndpointFilterDelegate next) =>
        call.HttpContext.GetRouteValue("project") is string given && given == $"{Project.Default}"
            ? next(call) : ValueTask.FromResult<object?>(ApiProblem.NotFound("project"));
}
