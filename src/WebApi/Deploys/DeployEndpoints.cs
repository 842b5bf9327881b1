using Bayou.Access;
using Bayou.Database;
using Bayou.Http;
using Bayou.Metrics;
using Bayou.Projects;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Deploys;

/// <summary>What is told of a deploy that was sent.</summary>
/// <param name="Duplicate">It was known already.</param>
internal sealed record DeployAnswer(string Service, string Version, DateTime Time, bool Duplicate);

internal static class DeployEndpoints
{
    private const int MaxBody = 64 * 1024;

    public static IServiceCollection AddDeploys(this IServiceCollection services) => services
        .AddSingleton<DeployWriter>()
        .AddSingleton<DeployList>()
        .AddSingleton<VersionWatch>()
        .AddHostedService(provider => provider.GetRequiredService<VersionWatch>());

    public static void MapDeploys(this IEndpointRouteBuilder routes)
    {
        var list = routes.ServiceProvider.GetRequiredService<DeployList>();
        routes.MapGet("/deploys", (HttpContext http, CancellationToken ct) => list.GetAsync(http, ct)).IsRead().Needs(Permission.Read).WithTags("Deploys")
            .Describe("ListDeploys", "Deploys, told or seen by a service's version, newest first.", DeployList.Spec);
    }

    public static void MapDeployIngest(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/ingest/v1/deploys", AcceptAsync).Needs(Permission.Ingest | Permission.Write).WithTags("Ingest").WithName("IngestDeploy")
            .WithSummary("Takes a deploy, to be marked on every chart of its service.")
            .WithDescription("Told again within ten minutes, by a call or by observations of the version, it is the same deploy.")
            .WithMetadata(new BodySpec(["application/json"], "The deploy; its time is now unless told.", typeof(DeployDoc)));
    }

    private static async Task<Results<AcceptedResult<DeployAnswer>, ApiProblem>> AcceptAsync(
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
        var added = await deploys.AddAsync(http.Project(), deploy, ct);
        return new AcceptedResult<DeployAnswer>(new DeployAnswer(deploy.Service, deploy.Version, deploy.Time.UtcDateTime, !added));
    }

    private sealed record DeployDoc(string Service, string Version, DateTimeOffset? Time) : IBody;
}
