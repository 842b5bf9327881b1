using Bayou.Cluster;
using Bayou.Database;

namespace Bayou.Hosting;

/// <summary>What keeps Bayou from starting is said in a line that names the setting, and the exit code tells it.</summary>
public sealed class StartTests
{
    [Theory]
    [InlineData(RolesSetting.Key, "silo,kitchen", "'kitchen'")]
    [InlineData(RolesSetting.Key, ",", RolesSetting.Key)]
    [InlineData(RolesSetting.Key, "query", RolesSetting.Key)]
    [InlineData("Bayou:Cluster:Mode", "elsewhere", "Bayou:Cluster:Mode")]
    [InlineData("Bayou:Cluster:SiloPort", "70000", "Bayou:Cluster:SiloPort")]
    [InlineData("Bayou:Cluster:GatewayPort", "-1", "Bayou:Cluster:GatewayPort")]
    [InlineData("Bayou:Cluster:AdvertisedAddress", "here", "Bayou:Cluster:AdvertisedAddress")]
    [InlineData("Bayou:Cluster:ClusterId", "", "Bayou:Cluster:ClusterId")]
    [InlineData("Bayou:Cluster:DrainSeconds", "-1", "Bayou:Cluster:DrainSeconds")]
    [InlineData("Bayou:Metrics:RetentionDays", "-4", "RetentionDays")]
    [InlineData("Bayou:Metrics:RetentionDays", "week", "Bayou:Metrics:RetentionDays")]
    [InlineData("LOG_LEVEL", "loud", "LOG_LEVEL")]
    [InlineData(PageAssets.Key, "assets.example.com", PageAssets.Key)]
    [InlineData(PageAssets.Key, "http://assets.example.com", PageAssets.Key)]
    [InlineData(PageAssets.Key, "https://assets.example.com/bayou", PageAssets.Key)]
    [InlineData(PageAssets.Key, "https://a;script-src@assets.example.com", PageAssets.Key)]
    [InlineData(PageAssets.Key, "https://münchen.example.com", PageAssets.Key)]
    [InlineData(PageAssets.Key, "https://assets.example.com; script-src *", PageAssets.Key)]
    [InlineData(DatabaseOptions.UrlKey, "", DatabaseOptions.UrlKey)]
    [InlineData(DatabaseOptions.UrlKey, "postgres:///bayou", DatabaseOptions.UrlKey)]
    [InlineData(DatabaseOptions.UrlKey, "postgres://db/bayou?colour=red", "colour")]
    [InlineData(DatabaseOptions.UrlKey, "db and nothing else", DatabaseOptions.UrlKey)]
    [InlineData(DatabaseOptions.UrlKey, "postgres://127.0.0.1:1/bayou", "127.0.0.1:1")]
    public async Task A_setting_that_cannot_be_used_is_named(string key, string value, string named)
    {
        var (code, errors) = await RunAsync($"--{DatabaseOptions.UrlKey}=postgres://127.0.0.1:1/bayou", $"--{key}={value}");
        Assert.Equal(1, code);
        Assert.StartsWith("bayou: ", errors, StringComparison.Ordinal);
        Assert.Contains(named, errors, StringComparison.Ordinal);
        Assert.EndsWith(Environment.NewLine, errors, StringComparison.Ordinal);
        Assert.Single(errors.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task All_that_is_out_of_range_is_named_at_once()
    {
        var (code, errors) =
            await RunAsync($"--{DatabaseOptions.UrlKey}=postgres://127.0.0.1:1/bayou", "--Bayou:Metrics:RetentionDays=-4", "--Bayou:Logs:SegmentLines=-1");
        Assert.Equal(1, code);
        var line = Assert.Single(errors.TrimEnd().Split('\n'));
        Assert.Contains("RetentionDays", line, StringComparison.Ordinal);
        Assert.Contains("SegmentLines", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_another_has_is_named()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var other = await BayouServer.StartAsync(database);
        var (code, errors) = await RunAsync($"--{DatabaseOptions.UrlKey}={database.Url}",
            $"--{DatabaseOptions.Section}:{nameof(DatabaseOptions.AllowUnsafe)}=true", $"--urls={other.Http.BaseAddress}");
        Assert.Equal(1, code);
        Assert.Contains($"{other.Http.BaseAddress!.Port}", Assert.Single(errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_wrong_with_the_program_itself_is_thrown() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => BayouProgram.RunAsync(() => throw new InvalidOperationException("a bug"), TextWriter.Null));

    [Fact]
    public void A_url_may_escape_what_it_is_made_of()
    {
        var options = new Npgsql.NpgsqlConnectionStringBuilder(
            new DatabaseOptions { Url = "postgresql://u%40x:p%3A%2F@db.example:6543/my%20db?sslmode=require&Read%20Buffer%20Size=65536" }.ConnectionString());
        Assert.Equal(("u@x", "p:/", "db.example", 6543, "my db"), (options.Username, options.Password, options.Host, options.Port, options.Database));
        Assert.Equal((Npgsql.SslMode.Require, 65_536), (options.SslMode, options.ReadBufferSize));
    }

    private static async Task<(int Code, string Errors)> RunAsync(params string[] settings)
    {
        await using var errors = new StringWriter();
        return (await BayouProgram.RunAsync(() => Api.Build(settings), errors).WaitAsync(TimeSpan.FromMinutes(1), BayouServer.Ct), errors.ToString());
    }
}
