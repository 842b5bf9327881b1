using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Bayou.Access;
using Bayou.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace Bayou.Info;

/// <summary>The API's own document at <c>/doc</c>, and a page on it at <c>/reference</c> that needs no other host.</summary>
internal static class DocEndpoints
{
    // Scalar compiles its templates and styles itself, and asks its maker's hosts for nothing.
    private const string ContentPolicy =
        "default-src 'self'; script-src 'self' 'nonce-{0}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        + "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'";

    private static readonly CompositeFormat ContentPolicyOfNonce = CompositeFormat.Parse(ContentPolicy);

    private const string Bearer = "bearer";
    private const string Cookie = "session";

    public static IServiceCollection AddDoc(this IServiceCollection services) => services.AddOpenApi(options =>
    {
        // An envelope is said where it is answered: it has no name of its own.
        options.CreateSchemaReferenceId = type =>
            type.Type.IsGenericType || type.Type == typeof(Nothing) ? null : OpenApiOptions.CreateDefaultSchemaReferenceId(type);
        options.AddDocumentTransformer((document, _, _) =>
        {
            Introduce(document);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(DescribeAsync);
        options.AddSchemaTransformer((schema, context, _) =>
        {
            Require(schema, context.JsonTypeInfo);
            return Task.CompletedTask;
        });
    });

    private static void Introduce(OpenApiDocument document)
    {
        document.Info = new()
        {
            Title = "Bayou",
            Version = "1",
            Description =
                "Self-hosted API observability. Every JSON answer is an envelope: data, error, metadata. Where somebody has signed up, or the server was "
                    + "started with an access token, every caller needs a key, the token or a session, but for those of /health/liveness, /health/readiness, "
                    + "/session and most of /auth. A key is of one project; whoever may see several says which is meant by the parameter project or the header "
                    + $"{Callers.ProjectHeader}, by its id or name. What another project has is not there: 404.",
        };
        document.Servers = [];
        document.Components ??= new();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Bearer] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = Bearer, Description = "An API key, or the access token." },
            [Cookie] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Cookie, Name = Callers.CookieName,
                Description = "What POST /auth/login gives, or POST /session for the access token.",
            },
        };
    }

    private static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken ct)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        operation.Parameters = [.. operation.Parameters ?? [], .. metadata.OfType<QuerySpec>().SelectMany(Parameters)];
        if (metadata.OfType<BodySpec>().SingleOrDefault() is { } body)
        {
            var item = await context.GetOrCreateSchemaAsync(body.Item, cancellationToken: ct);
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Description = body.Meaning,
                Content = body.Types.ToDictionary(type => type, _ => new OpenApiMediaType { Schema = item }),
            };
        }

        var failed = await context.GetOrCreateSchemaAsync(typeof(FailedAnswer), cancellationToken: ct);
        operation.Responses ??= [];
        operation.Responses["default"] = new OpenApiResponse
        {
            Description = "What went wrong; error.details names each field that is wrong.",
            Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new OpenApiMediaType { Schema = failed } },
        };
        if (!metadata.OfType<OpenRoute>().Any())
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = Callers.ProjectHeader, In = ParameterLocation.Header, Description = "The project that is meant, by its id or name.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
            operation.Security = [new() { [new(Bearer, context.Document)] = [] }, new() { [new(Cookie, context.Document)] = [] }, []];
        }
    }

    /// <summary>
    /// An answer has all its fields, but for those that are left out where there is nothing to say; of a body those must be there that cannot be null.
    /// </summary>
    private static void Require(OpenApiSchema schema, JsonTypeInfo type)
    {
        // As our converter writes it; and what is never there.
        schema.Type = type.Type == typeof(DateTime) ? JsonSchemaType.String
            : type.Type == typeof(DateTime?) ? JsonSchemaType.String | JsonSchemaType.Null
            : type.Type == typeof(Nothing) ? JsonSchemaType.Null : schema.Type;
        if (type.Kind != JsonTypeInfoKind.Object)
        {
            return;
        }

        schema.Required = type.Properties.Where(property => type.Type.IsAssignableTo(typeof(IBody)) ? !property.IsGetNullable : !IsLeftOut(property))
            .Select(property => property.Name).ToHashSet();
        foreach (var property in type.Properties.Where(IsLeftOut))
        {
            if (schema.Properties?.TryGetValue(property.Name, out var of) == true && of is OpenApiSchema { Type: { } kind } own)
            {
                own.Type = kind & ~JsonSchemaType.Null;
            }
        }
    }

    private static bool IsLeftOut(JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute),
            inherit: true) is [JsonIgnoreAttribute { Condition: not JsonIgnoreCondition.Never }, ..];

    public static void MapDoc(this IEndpointRouteBuilder routes)
    {
        routes.MapOpenApi("/doc").Needs(Permission.Read);
        routes.MapScalarApiReference("/reference", (options, http) =>
        {
            var nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
            http.Response.Headers.ContentSecurityPolicy = string.Format(CultureInfo.InvariantCulture, ContentPolicyOfNonce, nonce);
            options.WithNonce(nonce).WithTitle("Bayou API").WithOpenApiRoutePattern("/doc").AddPreferredSecuritySchemes(Bearer)
                .DisableDefaultFonts().DisableTelemetry().DisableAgent().HideClientButton().HideDeveloperTools();
        }).Needs(Permission.Read).ExcludeFromDescription();
    }

    private static IEnumerable<IOpenApiParameter> Parameters(QuerySpec spec)
    {
        foreach (var (name, meaning) in spec.Parameters)
        {
            yield return Parameter(name, meaning, JsonSchemaType.String);
        }

        foreach (var field in spec.Fields)
        {
            yield return Parameter(field.Name, $"Filter; also {field.Name}__op with op one of {string.Join(", ", FilterSql.Operators)}.", field.Type switch
            {
                FieldType.Integer => JsonSchemaType.Integer,
                FieldType.Number => JsonSchemaType.Number,
                _ => JsonSchemaType.String,
            });
        }
    }

    private static OpenApiParameter Parameter(string name, string meaning, JsonSchemaType type) =>
        new() { Name = name, In = ParameterLocation.Query, Description = meaning, Schema = new OpenApiSchema { Type = type } };

}
