using System.Reflection;
using Bayou.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Bayou.Cluster;

/// <summary>
/// While a cluster is updated, nodes of two versions talk: what one version wrote and how it called is understood by later ones. What is here
/// comes from 0.1.0; it is added to, and never changed.
/// </summary>
public sealed class ContractTests
{
    private const string Delta = "20E8001D010501090115412D01C801A01FE8070003AC0201C8010102000301020301E0";
    private const string Backfill = "20E86000B9556921E8001D010501090115412D01C801A01FE8070003AC0201C8010102000301020301E0E0";

    private static readonly byte[] Figures = Convert.FromHexString("01C801A01FE8070003AC0201C8010102000301020301");

    [Fact]
    public void A_delta()
    {
        var delta = Read<WindowDelta>(Delta);
        Assert.Equal((7, 1, 2, 5), (delta.Epoch, delta.Previous, delta.First, delta.Last));
        Assert.Equal(Figures, delta.Figures);
    }

    [Fact]
    public void A_delta_of_an_hours_window()
    {
        var delta = Read<BackfillDelta>(Backfill);
        Assert.Equal(1_767_225_600, delta.StartUnix);
        Assert.Equal((7, 1, 2, 5), (delta.Delta.Epoch, delta.Delta.Previous, delta.Delta.First, delta.Delta.Last));
        Assert.Equal(Figures, delta.Delta.Figures);
    }

    [Fact]
    public void The_names_of_grains_and_their_calls()
    {
        var names = typeof(WindowDelta).Assembly.GetTypes().Where(type => type.IsInterface && type.IsAssignableTo(typeof(IGrain)))
            .SelectMany(type => type.GetMethods().Select(method => $"{Alias(type)} {Alias(method)}")).Order(StringComparer.Ordinal);
        Assert.Equal(
        [
            "access.rate take", "cluster.health ensure-scheduled", "cluster.health run",
            "logs.embedder embed", "logs.keeper clean-up", "logs.keeper ensure-scheduled", "logs.keeper run", "logs.miner make-room", "logs.miner mine",
            "metrics.backfill apply", "metrics.cleanup ensure-scheduled", "metrics.cleanup run",
            "metrics.rollup ensure-scheduled", "metrics.rollup run", "metrics.window apply", "projects.keeper ensure-scheduled", "projects.keeper run",
            "schedules.scheduler changed",
        ], names);
    }

    private static string? Alias(MemberInfo member) => member.GetCustomAttribute<AliasAttribute>()?.Alias;

    private static T Read<T>(string written)
    {
        using var services = new ServiceCollection().AddSerializer(serializer => serializer.AddAssembly(typeof(WindowDelta).Assembly)).BuildServiceProvider();
        return services.GetRequiredService<Serializer>().Deserialize<T>(Convert.FromHexString(written))!;
    }
}
