using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace Bayou;

/// <summary>Looks at a page as those do who do not see it.</summary>
internal static class Axe
{
    private static readonly string Script = File.ReadAllText(Path.Combine(Repository.Root, "client-app", "node_modules", "axe-core", "axe.min.js"));

    /// <summary>What is serious or critical.</summary>
    public static async Task<IEnumerable<string>> ComplaintsAsync(IPage page)
    {
        await page.EvaluateAsync(Script);
        var found = JsonNode.Parse(await page.EvaluateAsync<string>("async () => JSON.stringify((await axe.run()).violations)"))!.AsArray();
        return found.Where(v => (string)v!["impact"]! is "serious" or "critical")
            .Select(v => $"{v!["id"]}: {string.Join(" | ", v["nodes"]!.AsArray().Take(3).Select(n => $"{n!["html"]} {n["failureSummary"]}"))}");
    }
}
