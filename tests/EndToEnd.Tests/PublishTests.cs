using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Bayou;

/// <summary>What the Dockerfile makes, by its own command, and run as its container would run it: nobody may write to it.</summary>
public sealed partial class PublishTests
{
    private const int MostMegabytes = 145; // 120 of them the model and its runtime; beside the base image

    [Fact]
    public async Task What_the_image_holds_is_small_starts_from_a_folder_that_is_read_only_and_serves_the_page()
    {
        var ct = TestContext.Current.CancellationToken;
        await Chromium.PathAsync(); // The page is built.
        await using var database = await TestDatabase.CreateAsync();
        var folder = Directory.CreateTempSubdirectory("bayou-image-");
        try
        {
            var publish = PublishCommand().Match(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "Dockerfile"), ct)).Groups[1].Value;
            await RunAsync("bash", "-c", $"cd '{Repository.Root}' && {publish} -o '{folder.FullName}'");
            Assert.All(["WebApi", "Silo"], program => Assert.True(File.Exists(Path.Combine(folder.FullName, $"{program}.runtimeconfig.json")), program));
            Assert.InRange(folder.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) / 1_000_000, 1, MostMegabytes);
            await RunAsync("chmod", "-R", "a-w,a+rX", folder.FullName);
            await using var product = new Product(database.Url) { Folder = folder.FullName };
            await product.StartAsync();
            var page = await product.Http.GetStringAsync(new Uri(product.Url, "/dashboard"), ct);
            var script = Script().Match(page).Groups[1].Value;
            Assert.NotEmpty(await product.Http.GetByteArrayAsync(new Uri(product.Url, script), ct));

            // The same image is for silos.
            var url = new Uri($"http://127.0.0.1:{Ports.Claim()}");
            using var silo = Product.Start(Path.Combine(folder.FullName, "Silo.dll"), [.. ClusterMember.Settings("silo").Select(pair => (pair.Key, pair.Value)),
                (Database.DatabaseOptions.UrlKey, database.Url), ("Bayou__Database__AllowUnsafe", "true"), ("ASPNETCORE_URLS", url.ToString())]);
            try
            {
                await Eventually.AnswersAsync(
                    () => product.Http.GetStringAsync(new Uri(url, "/health/liveness"), ct), e => e is HttpRequestException && !silo.HasExited);
            }
            finally
            {
                silo.Kill();
                await silo.WaitForExitAsync(CancellationToken.None);
            }
        }
        finally
        {
            await RunAsync("chmod", "-R", "u+w", folder.FullName);
            folder.Delete(recursive: true);
        }
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await output);
    }

    [GeneratedRegex(@"RUN (dotnet publish .*?) -o out")]
    private static partial Regex PublishCommand();

    [GeneratedRegex(@"src=""([^""]+\.js)""")]
    private static partial Regex Script();
}
