using System.Text.Json;
using System.Text.Json.Serialization;

namespace Bayou.Http;

/// <summary>The shape of every JSON response.</summary>
internal sealed record Envelope(object? Data, ApiError? Error, object? Metadata);

internal sealed record ApiError(
    string Code, string Message, string TraceId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<FieldError>? Details);

/// <summary>What is wrong with one field; <paramref name="Index"/> is the item's place in its batch.</summary>
internal sealed record FieldError(
    string Field, string Message,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Index = null);

/// <summary>A value that has been written already.</summary>
internal readonly record struct WrittenJson(ReadOnlyMemory<byte> Utf8);

internal static class Json
{
    public const string ContentType = "application/json; charset=utf-8";

    public static JsonSerializerOptions Options { get; } = Configure(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.NumberHandling = JsonNumberHandling.Strict; // A number is never a text, so the API's document need not say so.
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.Converters.Add(new UtcConverter());
        options.Converters.Add(new WrittenConverter());
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        return options;
    }

    public static Task WriteAsync(HttpContext http, Envelope envelope)
    {
        return http.Response.WriteAsJsonAsync(envelope, Options, ContentType, http.RequestAborted);
    }

    private sealed class WrittenConverter : JsonConverter<WrittenJson>
    {
        public override WrittenJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, WrittenJson value, JsonSerializerOptions options) =>
            writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
    }

    private sealed class UtcConverter : JsonConverter<DateTime>
    {
        public override DateTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetDateTime().ToUniversalTime();

        public override void Write(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options) =>
            writer.WriteStringValue(Times.Format(value));
    }
}

/// <summary>Writes an object member by member.</summary>
internal abstract class WritingConverter<T> : JsonConverter<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException($"{typeof(T)} is only written.");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        Write(writer, value);
        writer.WriteEndObject();
    }

    protected abstract void Write(Utf8JsonWriter json, T value);
}

internal static class JsonTimes
{
    /// <summary>As <see cref="Times.Format(DateTime)"/> gives it, without a string for each.</summary>
    public static void WriteTime(this Utf8JsonWriter json, ReadOnlySpan<byte> name, DateTime utc)
    {
        Span<byte> text = stackalloc byte[Times.Length];
        Times.Format(utc, text);
        json.WriteString(name, text);
    }
}
