using System.Text.Json;
using System.Text.Json.Serialization;

namespace Bayou.Http;

/// <summary>Reads a small JSON object; what does not fit names its field.</summary>
internal static class JsonBody
{
    private const int Longest = 64 * 1024;

    private static readonly JsonSerializerOptions Strict = new(Json.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = false,
        AllowDuplicateProperties = false,
    };

    public static async Task<(T? Value, ApiProblem? Problem)> ReadAsync<T>(HttpContext http, RequestBody bodies, CancellationToken ct)
        where T : class, IBody
    {
        var (body, unreadable) = await bodies.ReadAsync(http, Longest, ct);
        using var taken = body;
        if (taken is null)
        {
            return (null, unreadable);
        }

        var (value, wrong) = Read<T>(taken.Bytes.Span);
        return (value, wrong is null ? null : ApiProblem.Of(wrong));
    }

    /// <summary>Reads an object.</summary>
    /// <returns>Or what of it does not fit.</returns>
    public static (T? Value, FieldError? Wrong) Read<T>(ReadOnlySpan<byte> json)
        where T : class, IBody
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Strict) is { } value ? (value, null) : (null, new("body", "must be a JSON object"));
        }
        catch (JsonException e)
        {
            // The framework's own words name types of ours.
            var field = e.Path is ['$', '.', .. var path] ? path : "body";
            return (null, new(
                field, field == "body" ? "must be a JSON object with the fields that /doc lists, each once" : "is not known here, or not of its type"));
        }
    }
}
