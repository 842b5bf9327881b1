using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bayou;

/// <summary>What the API's own document says of answers. Every answer that a test asks for is held against it.</summary>
public sealed class AnswerSchema(JsonNode document)
{
    /// <summary>Fails where an answer has a field that the document does not know, lacks one, or has one of another type.</summary>
    public void Check(string method, string path, int status, JsonNode answer)
    {
        if (OperationOf(method, path) is not { } operation)
        {
            return; // There is nothing at this address.
        }

        var response = operation["responses"]![$"{status}"] ?? operation["responses"]!["default"];
        if (response?["content"]?["application/json"]?["schema"] is { } schema)
        {
            Check(schema, answer, $"{method} {path} {status}");
        }
    }

    private JsonNode? OperationOf(string method, string path)
    {
        var segments = path.Split('?')[0].Trim('/').Split('/');
        var paths = document["paths"]!.AsObject().Where(known => known.Key.Trim('/').Split('/') is var parts && parts.Length == segments.Length
            && parts.Zip(segments).All(pair => pair.First.StartsWith('{') || pair.First == pair.Second)).ToList();
        return paths.OrderBy(known => known.Key.Count(c => c == '{')).Select(known => known.Value![method.ToLowerInvariant()]).FirstOrDefault();
    }

    private void Check(JsonNode schema, JsonNode? value, string place)
    {
        if ((string?)schema["$ref"] is { } reference)
        {
            schema = document["components"]!["schemas"]![reference.Split('/')[^1]]!;
        }

        if (schema["oneOf"] is JsonArray choices)
        {
            var isNull = value is null;
            Check(choices.First(choice => (string?)choice!["type"] == "null" == isNull)!, value, place);
            return;
        }

        if (schema["enum"] is JsonArray names)
        {
            Assert.True(names.Any(name => JsonNode.DeepEquals(name, value)), $"{place} is {value}, not one of {names.ToJsonString()}");
            return;
        }

        var types = schema["type"] switch { JsonArray several => several.Select(type => (string)type!).ToList(), JsonValue one => [(string)one!], _ => null };
        Assert.True(types is null || types.Exists(type => Is(value, type)), $"{place} is {value?.ToJsonString() ?? "null"}, not of {schema["type"]}");
        if (value is JsonArray items && schema["items"] is { } item)
        {
            foreach (var (at, element) in items.Index())
            {
                Check(item, element, $"{place}[{at}]");
            }
        }

        if (value is not JsonObject fields || (schema["properties"] ?? schema["additionalProperties"]) is null)
        {
            return;
        }

        foreach (var required in schema["required"]?.AsArray() ?? [])
        {
            Assert.True(fields.ContainsKey((string)required!), $"{place} has no {required}");
        }

        foreach (var (name, field) in fields)
        {
            var of = schema["properties"]?[name] ?? schema["additionalProperties"];
            Assert.True(of is not null, $"{place} has {name}, which the document does not know");
            Check(of, field, $"{place}.{name}");
        }
    }

    private static bool Is(JsonNode? value, string type) => (value?.GetValueKind(), type) switch
    {
        (null, "null") or (JsonValueKind.Object, "object") or (JsonValueKind.Array, "array") or (JsonValueKind.String, "string")
            or (JsonValueKind.Number, "number") => true,
        (JsonValueKind.True or JsonValueKind.False, "boolean") => true,
        (JsonValueKind.Number, "integer") => value!.AsValue().TryGetValue<long>(out _),
        _ => false,
    };
}
