using Bayou.Access;
using Bayou.Database;
using Bayou.Hosting;
using Bayou.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Info;

/// <summary>What runs here.</summary>
internal sealed record Info(string Name, string Version, string Environment, string Runtime, double UptimeSeconds, DatabaseInfo Database);

internal sealed record DatabaseInfo(string Server, string Version);

internal sealed record DemoAnswer(bool Failed);

internal static class InfoEndpoints
{
    private static readonly QuerySpec ErrorSpec = new([("error_rate", "Probability of failing, 0 to 1; 0.5 unless told.")], []);

    public static void MapInfo(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/info", GetAsync).IsRead().Needs(Permission.Read).WithTags("Info").WithName("Info").WithSummary("What runs here.");
        routes.MapGet("/error", Fail).Needs(Permission.Read).WithTags("Info").WithName("Error")
            .WithSummary("Fails with a probability, to see errors on the dashboard.")
            .WithMetadata(ErrorSpec);
    }

    private static async Task<ApiResult<Info>> GetAsync(
        [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, IHostEnvironment environment, Startup startup, TimeProvider time, CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT current_setting('server_version')");
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new(new(
            "Bayou", SiloHosting.Version, environment.EnvironmentName, SiloHosting.Runtime, Math.Round((time.GetUtcNow() - startup.Time).TotalSeconds, 3),
            new("PostgreSQL", reader.GetString(0))));
    }

    private static Results<ApiResult<DemoAnswer>, ApiProblem> Fail(HttpContext http)
    {
        var query = new QueryReader(http, ErrorSpec);
        var rate = query.Number("error_rate", 0, 1) ?? 0.5;
        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (Random.Shared.NextDouble() >= rate)
        {
            return new ApiResult<DemoAnswer>(new(Failed: false));
        }

        int[] statuses = [500, 502, 503, 504];
        var status = statuses[Random.Shared.Next(statuses.Length)];
        return new ApiProblem(status, "DEMO_ERROR", "This address fails on purpose.", RetryAfter: status == 503 ? TimeSpan.FromSeconds(1) : null);
    }
}

/// <summary>When the process began.</summary>
internal sealed record Startup(DateTimeOffset Time);
