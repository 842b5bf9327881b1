using System.Text;
using System.Text.Json;
using Bayou.Http;
using Bayou.Ingest;
using Microsoft.AspNetCore.WebUtilities;

namespace Bayou.Replay;

/// <summary>The query of a captured request: kept as it was sent, and given as an object.</summary>
internal static class SnapshotQuery
{
    /// <summary>Reads an object of names, each with a value or a list of values.</summary>
    /// <returns>What is wrong with it, in words that follow the field's name, or null.</returns>
    public static string? Read(ref Utf8JsonReader json, int longest, out string query)
    {
        var text = new StringBuilder();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = Uri.EscapeDataString(JsonTexts.Read(ref json));
            json.Read();
            if (json.TokenType != JsonTokenType.StartArray)
            {
                Append(text, name, ref json);
                continue;
            }

            while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            {
                Append(text, name, ref json);
            }
        }

        query = text.ToString();
        return query.Length > longest ? ItemText.TooLong(longest) : null;
    }

    /// <summary>Names with their values; a list where one comes several times.</summary>
    public static Dictionary<string, object>? ToObject(string query) => query.Length == 0 ? null
        : QueryHelpers.ParseQuery(query).ToDictionary(
            field => field.Key, field => field.Value is [var only] ? (object)(only ?? "") : field.Value.ToArray(), StringComparer.Ordinal);

    private static void Append(StringBuilder text, string name, ref Utf8JsonReader json)
    {
        if (json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            json.Skip();
            return;
        }

        var value = json.TokenType switch
        {
            JsonTokenType.String => JsonTexts.Read(ref json),
            JsonTokenType.Null => "",
            _ => Encoding.UTF8.GetString(json.ValueSpan),
        };
        text.Append(text.Length > 0 ? "&" : "").Append(name).Append('=').Append(Uri.EscapeDataString(value));
    }
}
