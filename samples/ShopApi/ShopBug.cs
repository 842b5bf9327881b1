using System.Text.Json;

namespace Shop;

/// <summary>A mistake that the shop has until it is told to mend itself: a checkout with one coupon fails, and with any other does not.</summary>
public sealed partial class ShopBug(ILoggerFactory loggers)
{
    /// <summary>The coupon that nobody gave a rate.</summary>
    public const string Coupon = "SUMMER-0";

    private readonly ILogger _checkout = loggers.CreateLogger("Shop.Checkout");
    private volatile bool _isMended;

    public bool IsMended
    {
        get => _isMended;
        set => _isMended = value;
    }

    /// <exception cref="InvalidOperationException">The coupon has no rate.</exception>
    public void Price(string body)
    {
        ArgumentNullException.ThrowIfNull(body);
        if (_isMended || !body.Contains(Coupon, StringComparison.Ordinal))
        {
            return;
        }

        CannotPrice(_checkout, Coupon);
        throw new InvalidOperationException($"Coupon {Coupon} has no rate.");
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Cannot price the cart: coupon {Coupon} has no rate in the price list")]
    private static partial void CannotPrice(ILogger logger, string coupon);
}

/// <summary>The demo's switch.</summary>
public static class ShopBugEndpoints
{
    /// <summary><c>PUT /demo/bug</c> with <c>{"mended":true}</c> mends it, with false brings it back.</summary>
    public static void MapShopBug(this IEndpointRouteBuilder app) => app.MapPut("/demo/bug", (Switch wanted, ShopBug bug) =>
    {
        bug.IsMended = wanted.Mended;
        return Results.Json(wanted, JsonSerializerOptions.Web);
    });

    private sealed record Switch(bool Mended);
}
