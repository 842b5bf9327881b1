using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;

namespace Bayou.Jobs;

/// <summary>A type of jobs with what runs it, whatever its payload is.</summary>
internal abstract class JobHandler(JobType type)
{
    /// <summary>How payloads and results are written.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        PropertyNameCaseInsensitive = false,
        NumberHandling = JsonNumberHandling.Strict,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        AllowDuplicateProperties = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    public JobType Type => type;

    /// <summary>Of its payload, in JSON Schema (draft 2020-12).</summary>
    public abstract JsonNode Schema { get; }

    /// <returns>What is wrong with a payload: its field, as <c>payload.url</c>, and what that must be; null when nothing is.</returns>
    public abstract (string Field, string Message)? Check(string payload);

    /// <exception cref="JobException">The payload does not fit, or the job did not work.</exception>
    public abstract Task<object?> RunAsync(IServiceProvider services, string payload, JobContext job, CancellationToken ct);
}

internal sealed class JobHandler<TJob, TPayload>() : JobHandler(TJob.Type)
    where TJob : class, IJob<TPayload>
    where TPayload : class
{
    private static readonly ObjectFactory<TJob> Make = ActivatorUtilities.CreateFactory<TJob>([]);

    private static readonly string[] Required =
        [.. Json.GetTypeInfo(typeof(TPayload)).Properties.Where(property => property.IsRequired).Select(property => property.Name)];

    // Looked for once: most of the time of a job that does nothing would go into finding that there are none.
    private static readonly bool HasRules =
        typeof(TPayload).GetProperties().Any(property => property.GetCustomAttributes<ValidationAttribute>(inherit: true).Any())
        || typeof(TPayload).IsAssignableTo(typeof(IValidatableObject));

    private static readonly Lazy<JsonNode> Described = new(() => Json.GetJsonSchemaAsNode(typeof(TPayload), new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = Describe,
    }));

    public override JsonNode Schema => Described.Value;

    public override (string Field, string Message)? Check(string payload) => Read(payload).Wrong;

    public override async Task<object?> RunAsync(IServiceProvider services, string payload, JobContext job, CancellationToken ct)
    {
        var (value, wrong) = Read(payload);
        if (value is null)
        {
            throw new JobException($"{wrong!.Value.Field} {wrong.Value.Message}.") { IsFinal = true }; // A type that has changed since it was asked for.
        }

        await using var scope = services.CreateAsyncScope();
        return await Make(scope.ServiceProvider, []).RunAsync(value, job, ct);
    }

    private static (TPayload? Value, (string Field, string Message)? Wrong) Read(string payload)
    {
        try
        {
            if (Missing(payload) is { } missing)
            {
                return (null, ($"payload.{missing}", "must be given"));
            }

            if (JsonSerializer.Deserialize<TPayload>(payload, Json) is not { } value)
            {
                return (null, ("payload", "must be a JSON object"));
            }

            var wrong = new List<ValidationResult>();
            return !HasRules || Validator.TryValidateObject(value, new(value), wrong, validateAllProperties: true) ? (value, null)
                : (null, ($"payload.{JsonNamingPolicy.SnakeCaseLower.ConvertName(wrong[0].MemberNames.First())}", wrong[0].ErrorMessage!));
        }
        catch (InvalidOperationException) // The reader's word for half a surrogate pair.
        {
            return (null, ("payload", "has half a surrogate pair, which is no text"));
        }
        catch (JsonException e)
        {
            // The framework's own words name types of ours.
            return e.Path is ['$', '.', .. var path]
                ? (null, ($"payload.{path}", "is not known here, or not of its type; see GET /worker/types")) : (null, ("payload", "must be a JSON object"));
        }
    }

    /// <summary>The framework would not say which.</summary>
    private static string? Missing(string payload)
    {
        if (Required.Length == 0)
        {
            return null;
        }

        using var document = JsonDocument.Parse(payload);
        return document.RootElement.ValueKind != JsonValueKind.Object ? null
            : Required.FirstOrDefault(name => !document.RootElement.TryGetProperty(name, out _));
    }

    /// <summary>Adds to a schema what the attributes of a property say.</summary>
    private static JsonNode Describe(JsonSchemaExporterContext context, JsonNode schema)
    {
        if (context.PropertyInfo?.AttributeProvider is not { } property || schema is not JsonObject described)
        {
            return schema;
        }

        foreach (var attribute in property.GetCustomAttributes(inherit: true))
        {
            switch (attribute)
            {
                case DescriptionAttribute { Description: var text }:
                    described["description"] = text;
                    break;
                case RangeAttribute range:
                    described["minimum"] = JsonSerializer.SerializeToNode(range.Minimum);
                    described["maximum"] = JsonSerializer.SerializeToNode(range.Maximum);
                    break;
                case StringLengthAttribute length:
                    described["minLength"] = length.MinimumLength;
                    described["maxLength"] = length.MaximumLength;
                    break;
                case AllowedValuesAttribute allowed:
                    described["enum"] = JsonSerializer.SerializeToNode(allowed.Values);
                    break;
            }
        }

        return schema;
    }
}
