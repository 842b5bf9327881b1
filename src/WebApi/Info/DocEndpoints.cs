using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Bayou.Http;
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

    public static IServiceCollection AddDoc(this IServiceCollection services) => services.AddOpenApi(options =>
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new() { Title = "Bayou", Version = "1", Description = "Self-hosted API observability. Every JSON answer is an envelope: data, error, metadata." };
            document.Servers = [];
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(async (operation, context, ct) =>
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
        });
    });

    public static void MapDoc(this IEndpointRouteBuilder routes)
    {
        routes.MapOpenApi("/doc");
        routes.MapScalarApiReference("/reference", (options, http) =>
        {
            var nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
            http.Response.Headers.ContentSecurityPolicy = string.Format(CultureInfo.InvariantCulture, ContentPolicyOfNonce, nonce);
            options.WithNonce(nonce).WithTitle("Bayou API").WithOpenApiRoutePattern("/doc")
                .DisableDefaultFonts().DisableTelemetry().DisableAgent().HideClientButton().HideDeveloperTools();
        }).ExcludeFromDescription();
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
                FieldType.Whole => JsonSchemaType.Integer,
                FieldType.Number => JsonSchemaType.Number,
                _ => JsonSchemaType.String,
            });
        }
    }

    private static OpenApiParameter Parameter(string name, string meaning, JsonSchemaType type) =>
        new() { Name = name, In = ParameterLocation.Query, Description = meaning, Schema = new OpenApiSchema { Type = type } };

}
