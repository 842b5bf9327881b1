using System.Text.Json.Nodes;

namespace Shop;

/// <summary>What customers send to the shop, and what it answers.</summary>
public static class ShopMessages
{
    private const double Couponed = 0.2; // of the checkouts
    private const double Unlucky = 0.25; // of those have the coupon that does not work

    private static readonly string[] Names = ["Ada", "Ben", "Chloé", "Dmitri", "Elif", "Farid", "Grete", "Hugo"];

    /// <summary>Null for a request without a body.</summary>
    public static string? Request(ShopRoute route, Random random)
    {
        ArgumentNullException.ThrowIfNull(route);
        ArgumentNullException.ThrowIfNull(random);
        return (route.Method, route.Template) switch
        {
            ("GET", _) => null,
            (_, "/checkout") => Checkout(random.NextDouble() < Couponed ? random.NextDouble() < Unlucky ? ShopBug.Coupon : "WELCOME-10" : null, random),
            (_, "/login") => new JsonObject { ["user"] = $"user{random.Next(2_000)}", ["password"] = $"pass-{random.Next()}" }.ToJsonString(),
            (_, "/cart/{id}/items") => Item(random).ToJsonString(),
            _ => new JsonObject { ["name"] = Names[random.Next(Names.Length)], ["newsletter"] = random.Next(2) == 0 }.ToJsonString(),
        };
    }

    public static string Checkout(string? coupon, Random random) => new JsonObject
    {
        ["customer"] = new JsonObject { ["name"] = Names[random.Next(Names.Length)], ["country"] = "DE" },
        ["items"] = new JsonArray([.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => (JsonNode)Item(random))]),
        ["coupon"] = coupon,
        ["payment"] = coupon == ShopBug.Coupon ? new JsonObject { ["method"] = "invoice" } // It can be sent again as it is.
            : new JsonObject { ["card_number"] = "4111111111111111", ["cvv"] = random.Next(100, 999) },
    }.ToJsonString();

    /// <summary>Of about the size that the outcome has.</summary>
    public static string Answer(ShopRoute route, Outcome outcome)
    {
        ArgumentNullException.ThrowIfNull(route);
        if (outcome.Status >= 400)
        {
            return new JsonObject { ["error"] = $"{route.Template} answered {outcome.Status}" }.ToJsonString();
        }

        if (route.Template == "/checkout")
        {
            return new JsonObject { ["order"] = new JsonObject { ["id"] = Random.Shared.Next(100_000, 999_999), ["status"] = "placed" } }.ToJsonString();
        }

        var rows = new JsonArray();
        for (var bytes = 0; bytes < outcome.ResponseBytes; bytes += 90)
        {
            rows.Add(new JsonObject { ["sku"] = $"SKU-{bytes:000000}", ["title"] = "A thing that is sold here", ["price"] = (bytes % 97) + 0.99 });
        }

        return new JsonObject { ["rows"] = rows }.ToJsonString();
    }

    private static JsonObject Item(Random random) => new()
    {
        ["sku"] = $"SKU-{random.Next(10_000):000000}", ["quantity"] = random.Next(1, 4), ["price"] = Math.Round(random.NextDouble() * 90, 2),
    };
}
