using System.Diagnostics;

namespace Bayou;

internal static class Chromium
{
    private static readonly Lazy<Task<string>> Found = new(FindAsync);

    /// <summary>The browser's program; where it is missing or the page is not built, scripts/browser.sh sees to it.</summary>
    public static Task<string> PathAsync() => Found.Value;

    private static async Task<string> FindAsync()
    {
        using var script =
            Process.Start(new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "scripts", "browser.sh")]) { RedirectStandardOutput = true })!;
        var path = (await script.StandardOutput.ReadToEndAsync()).Trim();
        await script.WaitForExitAsync();
        return script.ExitCode == 0 ? path : throw new InvalidOperationException("scripts/browser.sh found no Chromium; its lines above say why.");
    }
}
