using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bayou.Torture;

/// <summary>One method at one address, as the API's own document describes it.</summary>
/// <param name="Query">Names of parameters.</param>
/// <param name="Item">A body's schema; null where none is taken.</param>
internal sealed record Address(string Method, string Path, IReadOnlyList<string> Query, JsonNode? Item)
{
    /// <summary>It fails when asked to; that is what it is for.</summary>
    public bool MayFail => Path == "/error";

    /// <summary>All that <c>GET /doc</c> lists, and those that have no entry there.</summary>
    public static IReadOnlyList<Address> Of(JsonNode document) =>
    [
        .. from path in document["paths"]!.AsObject()
           from operation in path.Value!.AsObject()
           let parameters = operation.Value!["parameters"]?.AsArray() ?? []
           select new Address(
               operation.Key.ToUpperInvariant(), path.Key,
               [.. parameters.Where(parameter => (string?)parameter!["in"] == "query").Select(parameter => (string)parameter!["name"]!)],
               Schema(document, operation.Value["requestBody"])),
        new("GET", "/", [], null),
        new("GET", "/dashboard", [], null),
        new("GET", "/assets/", [], null),
        new("GET", "/doc", [], null),
        new("GET", "/reference", [], null),
    ];

    /// <summary>A body that is taken, or nearly: what a schema cannot say (that a time is a recent one) is known here by its format.</summary>
    public JsonNode? Valid(Vocabulary vocabulary, Random random) => Item is null ? null : Value(Item, "", vocabulary, random);

    private static JsonNode? Schema(JsonNode document, JsonNode? body)
    {
        var schema = body?["content"]?.AsObject().FirstOrDefault().Value?["schema"];
        return schema?["$ref"] is { } reference ? document["components"]!["schemas"]![((string)reference!).Split('/')[^1]] : schema;
    }

    private static JsonNode? Value(JsonNode schema, string name, Vocabulary vocabulary, Random random)
    {
        var types = schema["type"] switch
        {
            JsonArray several => [.. several.Select(type => (string)type!)],
            JsonValue one => [(string)one!],
            _ => (string[])["object"],
        };
        return types[random.Next(types.Length)] switch
        {
            "object" => new JsonObject(
                (schema["properties"]?.AsObject() ?? []).Where(_ => random.Next(8) > 0)
                    .Select(property => KeyValuePair.Create(property.Key, Value(property.Value!, property.Key, vocabulary, random)))),
            "array" =>
                new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => schema["items"] is { } item ? Value(item, name, vocabulary, random) : null)]),
            "integer" => JsonValue.Create(random.Next(100, 600)),
            "number" => JsonValue.Create(random.NextDouble() * 1_000),
            "boolean" => JsonValue.Create(random.Next(2) == 0),
            "null" => null,
            _ when (string?)schema["format"] == "date-time" =>
                JsonValue.Create(JsonSerializer.SerializeToElement(DateTime.UtcNow.AddSeconds(-random.Next(7_200)))),
            _ => JsonValue.Create((random.Next(2) == 0 ? vocabulary.Of(name, random) : null) ?? Mutation.Word(random)),
        };
    }
}
