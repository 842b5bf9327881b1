using Bayou.Cluster;
using Bayou.Database;
using Bayou.Hosting;

if (args is [MigrateCommand.Name, ..])
{
    return await MigrateCommand.RunAsync(new ConfigurationBuilder().AddEnvironmentVariables().Build(), Console.Out, Console.Error, CancellationToken.None);
}

// A silo by itself: grains, and one address for whoever starts again what does not answer.
return await BayouProgram.RunAsync(
    () =>
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddBayouLogging();
        builder.AddBayouNode(NodeRoles.Silo);
        var app = builder.Build();
        app.MapGet("/health/liveness", () => new { data = new { status = "healthy" }, error = (object?)null, metadata = (object?)null });
        return app;
    },
    Console.Error);
