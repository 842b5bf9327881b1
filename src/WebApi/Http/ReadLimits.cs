using System.Threading.RateLimiting;
using Bayou.Database;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace Bayou.Http;

/// <summary>
/// How long a read may take, and how many expensive ones run at once: as many as there are cores, for more would only take turns with ingest, and fewer than
/// reads have connections, so that cheap ones, the page's polls, always find one. Beyond are places to wait in, and beyond those, a 503 that says so.
/// </summary>
internal static class ReadLimits
{
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);

    private const string Expensive = "expensive";
    private const string Export = "export";
    private const int Exports = 2;
    private const int Waiting = 64;

    public static IServiceCollection AddReadLimits(this IServiceCollection services)
    {
        services.AddRequestTimeouts(timeouts => timeouts.AddPolicy(Expensive, new RequestTimeoutPolicy
        {
            Timeout = Longest,
            WriteTimeoutResponse = http =>
            {
                http.RequestAborted = CancellationToken.None; // It is what has just been cancelled; the answer is not.
                return ApiProblem.Unavailable("This took too long. Ask for a shorter range, or less of it.").ExecuteAsync(http);
            },
        }));
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<DatabaseOptions>>((limits, database) =>
        {
            var places = Math.Max(1, Math.Min(Math.Max(2, Environment.ProcessorCount), database.Value.Connections(DatabasePool.Reads) / 2));
            limits.AddPolicy(Expensive, http => IsCheap(http.Request.Query)
                ? RateLimitPartition.GetNoLimiter("")
                : RateLimitPartition.GetConcurrencyLimiter(Expensive, _ => Places(places, Waiting)));
            limits.AddPolicy(Export, _ => RateLimitPartition.GetConcurrencyLimiter(Export, _ => Places(Exports, Exports)));
            limits.OnRejected = async (rejected, _) =>
                await ApiProblem.Unavailable("Too much is being asked for at once. Ask again in a moment.").ExecuteAsync(rejected.HttpContext);
        });
        return services.AddRateLimiter(_ => { });
    }

    /// <summary>The limiter lets go of a request whose time is up while it waits, as if it had been answered; this says that it was not.</summary>
    public static async Task EndWaitingAsync(HttpContext http, RequestDelegate next)
    {
        await next(http);
        if (!http.Response.HasStarted)
        {
            http.RequestAborted.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Of reads that may be long; those of a list only where they look into texts.</summary>
    public static TBuilder IsExpensive<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.RequireRateLimiting(Expensive);

    /// <summary>Of what streams as long as its reader reads.</summary>
    public static TBuilder IsExport<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.RequireRateLimiting(Export).IsStream();

    public static TBuilder IsStream<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new DisableRequestTimeoutAttribute());

    public static TBuilder IsRead<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new RequestTimeoutAttribute(Expensive));

    private static bool IsCheap(IQueryCollection query) => query.ContainsKey("id__gt") && query.Keys.All(IsCheap);

    private static bool IsCheap(string name) =>
        name != "search" && !name.StartsWith("meta.", StringComparison.Ordinal) && !name.Contains("like", StringComparison.Ordinal)
        && !name.EndsWith("with", StringComparison.Ordinal);

    private static ConcurrencyLimiterOptions Places(int places, int waiting) =>
        new() { PermitLimit = places, QueueLimit = waiting, QueueProcessingOrder = QueueProcessingOrder.OldestFirst };
}
