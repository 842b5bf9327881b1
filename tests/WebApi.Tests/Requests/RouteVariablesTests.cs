using Bayou.Metrics;
using Bayou.Projects;
using Microsoft.Extensions.Options;

namespace Bayou.Requests;

/// <summary>What no single path can tell is learned from how many there are at one place; for all nodes, and for good.</summary>
public sealed class RouteVariablesTests(BayouServer server) : IClassFixture<BayouServer>
{
    private static readonly string[] Consonants = ["b", "d", "f", "g", "k", "l", "m", "n", "r", "t"];

    [Fact]
    public async Task A_place_of_many_names_is_a_variable_and_what_was_there_keeps_its_name()
    {
        var (service, one, other) = (BayouServer.NewService(), Registry(), Registry());
        await CallAsync(one, service, "/people/search", "/people/search/recent");
        var early = await CallAsync(one, service, [.. Names(0, 60).Select(name => $"/people/{name}/posts")]);
        var late = await CallAsync(other, service, [.. Names(60, 300).Select(name => $"/people/{name}/posts")]);
        Assert.Equal(60, early.Distinct().Count());
        Assert.Equal("GET /people/{id}/posts", await NameAsync(late[^1]));
        Assert.InRange(late.Distinct().Count(), 30, 50);
        Assert.Single(late[50..].Distinct());

        // On every node, whichever learned it, and on one that begins now.
        foreach (var registry in (SeriesRegistry[])[one, other, Registry()])
        {
            Assert.Equal(late[^1], await CallAsync(registry, service, $"/people/{Names(900, 901).Single()}/posts") is [var id] ? id : 0);
            Assert.Equal(early, await CallAsync(registry, service, [.. Names(0, 60).Select(name => $"/people/{name}/posts")]));
            Assert.Equal(["GET /people/search", "GET /people/{id}/avatar"],
                await NamesAsync(await CallAsync(registry, service, "/people/search", "/people/novice/avatar")));
        }
    }

    [Fact]
    public async Task Many_names_in_one_batch_are_learned_within_it_and_each_place_by_itself()
    {
        var service = BayouServer.NewService();
        var ids = await CallAsync(Registry(), service,
            [.. Names(0, 400).SelectMany(owner => Names(500, 502).Select(repository => $"/repos/{owner}/{owner}-{repository}/issues"))]);
        Assert.InRange(ids.Distinct().Count(), 2, 320);
        Assert.Equal("GET /repos/{id}/{id}/issues", await NameAsync(ids[^1]));
    }

    [Fact]
    public async Task Names_of_programs_and_resources_of_their_own_are_never_merged()
    {
        var (service, registry) = (BayouServer.NewService(), Registry());
        string[] calls = [.. Names(0, 150).Select(name => $"/rpc/Get{char.ToUpperInvariant(name[0])}{name[1..]}")];
        string[] resources =
            [.. Names(0, 150).SelectMany(name => (string[])[$"/api/{name}", $"/api/{name}/17", $"/api/{name}/17/items", $"/api/{name}/count"])];
        Assert.Equal(calls.Length, (await CallAsync(registry, service, calls)).Distinct().Count());
        Assert.Equal(resources.Length, (await CallAsync(registry, service, resources)).Distinct().Count());
    }

    [Fact]
    public async Task Routes_that_are_given_as_such_are_never_merged()
    {
        var (service, registry) = (BayouServer.NewService(), Registry());
        SeriesName[] names = [.. Names(0, 150).Select(name => new SeriesName(service, $"GET /{name}"))];
        var ids = await registry.ResolveAsync(Project.Default, names, new HashSet<SeriesName>(), BayouServer.Ct);
        Assert.Equal(150, ids.Values.Distinct().Count());
    }

    [Fact]
    public async Task Files_keep_their_extension()
    {
        var service = BayouServer.NewService();
        var ids = await CallAsync(Registry(), service, [.. Names(0, 150).SelectMany(name => (string[])[$"/docs/{name}.html", $"/docs/{name}.pdf"])]);
        Assert.Equal(["GET /docs/{id}.html", "GET /docs/{id}.pdf"], await NamesAsync(ids[^2..]));
    }

    [Fact]
    public async Task Nodes_that_meet_the_same_names_at_once_agree()
    {
        var service = BayouServer.NewService();
        string[] paths = [.. Names(0, 300).Select(name => $"/tags/{name}")];
        var registries = Enumerable.Range(0, 4).Select(_ => Registry()).ToList();
        await Task.WhenAll(registries.Select((registry, i) => Task.Run(async () =>
        {
            foreach (var part in paths.OrderBy(path => HashCode.Combine(path, i)).Chunk(17))
            {
                await CallAsync(registry, service, part);
            }
        })));
        var answers = new List<List<int>>();
        foreach (var registry in registries)
        {
            answers.Add(await CallAsync(registry, service, paths));
        }

        Assert.All(answers, answer => Assert.Equal(answers[0], answer));
        Assert.InRange(answers[0].Distinct().Count(), RouteTree.MostNames, RouteTree.MostNames + 1);
    }

    private SeriesRegistry Registry() => new(server.Db, Options.Create(new MetricsOptions { MaxEndpoints = 10_000, MaxServices = 10_000 }));

    /// <summary>Names that could be words, each another.</summary>
    private static IEnumerable<string> Names(int from, int to) =>
        Enumerable.Range(from, to - from).Select(i => $"{Consonants[i / 100 % 10]}a{Consonants[i / 10 % 10]}o{Consonants[i % 10]}i");

    private static async Task<List<int>> CallAsync(SeriesRegistry registry, string service, params string[] paths)
    {
        SeriesName[] names = [.. paths.Select(path => new SeriesName(service, $"GET {RouteTemplates.FromPath(path)}"))];
        var ids = await registry.ResolveAsync(Project.Default, names.Distinct(), names.ToHashSet(), BayouServer.Ct);
        return [.. names.Select(name => ids[name])];
    }

    private async Task<string> NameAsync(int id) => (await NamesAsync([id])).Single();

    private async Task<List<string>> NamesAsync(IEnumerable<int> ids)
    {
        var names = new List<string>();
        foreach (var id in ids)
        {
            await using var command = server.Db.CreateCommand("SELECT endpoint FROM series WHERE id = $1");
            command.Parameters.Add(new() { Value = id });
            names.Add((string)(await command.ExecuteScalarAsync(BayouServer.Ct))!);
        }

        return names;
    }
}
