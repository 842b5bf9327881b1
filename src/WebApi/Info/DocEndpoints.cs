using Bayou.Http;
using Microsoft.OpenApi;

namespace Bayou.Info;

/// <summary>The API's own document at <c>/doc</c>, and a page on it at <c>/reference</c> that needs no other host.</summary>
internal static class DocEndpoints
{
    // Scalar compiles its templates and styles itself, and asks its maker's hosts for nothing.
    private const string ContentPolicy =
        "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        + "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'";

    private const string Page = """
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Bayou API</title></head>
        <body>
        <div id="reference"></div>
        <script src="/reference/scalar.js"></script>
        <script src="/reference/start.js"></script>
        </body>
        </html>
        """;

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
        routes.MapGet("/reference", (HttpContext http) =>
        {
            http.Response.Headers.ContentSecurityPolicy = ContentPolicy;
            return Results.Content(Page, "text/html; charset=utf-8");
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
