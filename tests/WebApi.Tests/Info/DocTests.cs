using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace Bayou.Info;

/// <summary>The API's document says what comes back, field by field. The page's types are made of it.</summary>
public sealed class DocTests(BayouServer server) : IClassFixture<BayouServer>
{
    private static readonly JsonSerializerOptions Written = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.Create(UnicodeRanges.All),
    };

    [Fact]
    public async Task The_document_is_the_one_in_docs()
    {
        var file = Path.Combine(Repository.Root, "docs", "openapi.json");
        var document = JsonNode.Parse(await server.Http.GetStringAsync(new Uri("/doc", UriKind.Relative), BayouServer.Ct))!.ToJsonString(Written) + "\n";
        if (Environment.GetEnvironmentVariable("BAYOU_WRITE_DOC") == "1")
        {
            await File.WriteAllTextAsync(file, document, BayouServer.Ct);
        }

        Assert.True(await File.ReadAllTextAsync(file, BayouServer.Ct) == document, "docs/openapi.json is not what /doc says; see docs/adding-a-feature.md.");
    }

    [Fact]
    public async Task Every_answer_has_a_schema_and_every_address_says_who_may_ask()
    {
        var document = JsonNode.Parse(await server.Http.GetStringAsync(new Uri("/doc", UriKind.Relative), BayouServer.Ct))!;
        foreach (var (path, operations) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in operations!.AsObject())
            {
                var responses = operation!["responses"]!.AsObject();
                Assert.Contains(responses, response => response.Key.StartsWith('2') || response.Key == "302");
                foreach (var (status, response) in responses)
                {
                    foreach (var (type, content) in status is "204" or "302" ? [] : response!["content"]!.AsObject())
                    {
                        Assert.True(content!["schema"] is JsonObject { Count: > 0 }, $"{method} {path} {status} {type} has no schema");
                    }
                }

                var isOpen = path.StartsWith("/health/", StringComparison.Ordinal) || path == "/session" || path.StartsWith("/auth/", StringComparison.Ordinal);
                Assert.True(isOpen || operation["security"] is JsonArray { Count: > 0 }, $"{method} {path} says nothing of access");
            }
        }

        Assert.Equal(["bearer", "session"], document["components"]!["securitySchemes"]!.AsObject().Select(scheme => scheme.Key).Order());
    }
}
