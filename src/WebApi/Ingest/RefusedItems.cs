using System.Text.Json;
using System.Text.Unicode;
using Bayou.Http;
using Bayou.Requests;

namespace Bayou.Ingest;

/// <summary>How many items of a batch were refused, by the service that each names.</summary>
internal sealed class RefusedItems
{
    private const int MostServices = 100; // A sender that names more is not one of many services.
    private readonly Dictionary<string, (int Count, string Error)> _services = [];

    public void Add(ReadOnlySpan<byte> item, FieldError error)
    {
        var service = ServiceOf(item);
        var key = service is not null && (_services.Count < MostServices || _services.ContainsKey(service)) ? service : "";
        var known = _services.GetValueOrDefault(key, (0, $"{error.Field} {error.Message}"));
        _services[key] = (known.Item1 + 1, known.Item2);
    }

    /// <param name="sender">Whose those are that name no service; empty where nobody can tell.</param>
    public void CountIn(LossCounter losses, int project, string sender)
    {
        foreach (var (service, (count, error)) in _services)
        {
            losses.Add(project, service.Length > 0 ? service : sender, count, 0, error);
        }
    }

    /// <summary>The service that a refused item names, so that no other service is told of it; null if it names none.</summary>
    private static string? ServiceOf(ReadOnlySpan<byte> item)
    {
        var json = new Utf8JsonReader(item);
        try
        {
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var isService = json.ValueSpan.SequenceEqual("service"u8);
                json.Read();
                if (isService)
                {
                    return json.TokenType == JsonTokenType.String && Utf8.IsValid(json.ValueSpan) && JsonTexts.Read(ref json) is var name
                        && ItemText.Problem(name, ItemLimits.MaxService) is null ? name : null;
                }

                json.Skip();
            }
        }
        catch (JsonException)
        {
            // It is cut short: before that it said nothing.
        }

        return null;
    }
}
