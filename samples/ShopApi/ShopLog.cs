namespace Shop;

/// <summary>What the shop writes about its requests.</summary>
public sealed partial class ShopLog(ILoggerFactory loggers)
{
    private const double Slow = 6; // times the usual

    private readonly ILogger _checkout = loggers.CreateLogger("Shop.Checkout");
    private readonly ILogger _login = loggers.CreateLogger("Shop.Login");
    private readonly ILogger _catalog = loggers.CreateLogger("Shop.Catalog");

    public void Answered(ShopRoute route, Outcome outcome)
    {
        ArgumentNullException.ThrowIfNull(route);
        var milliseconds = Math.Round(outcome.Duration.TotalMilliseconds, 1);
        var (order, user) = (Random.Shared.Next(100_000, 999_999), $"user{Random.Shared.Next(2_000)}");
        switch (route.Template, outcome.Status)
        {
            case ("/checkout", >= 500):
                PaymentFailed(_checkout, order, outcome.Status, milliseconds);
                break;
            case ("/checkout", < 300):
                var (items, total) = (Random.Shared.Next(1, 9), Random.Shared.Next(500, 30_000) / 100m);
                OrderPlaced(_checkout, order, items, total, user);
                break;
            case ("/login", 401):
                LoginFailed(_login, user);
                break;
            case ("/login", < 300):
                LoggedIn(_login, user);
                break;
            case (_, >= 502):
                DatabaseSlow(_catalog, route.Template, milliseconds);
                break;
            default:
                break;
        }

        if (milliseconds > Slow * route.MedianMs && outcome.Status < 500)
        {
            SlowAnswer(_catalog, route.Method, route.Template, milliseconds, route.MedianMs);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Order {Order} of {Items} items placed by {User} for {Total} EUR")]
    private static partial void OrderPlaced(ILogger logger, int order, int items, decimal total, string user);

    [LoggerMessage(Level = LogLevel.Error, Message = "Payment for order {Order} failed: the provider answered {Status} after {Milliseconds} ms")]
    private static partial void PaymentFailed(ILogger logger, int order, int status, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Login failed for {User}: wrong password")]
    private static partial void LoginFailed(ILogger logger, string user);

    [LoggerMessage(Level = LogLevel.Information, Message = "{User} logged in")]
    private static partial void LoggedIn(ILogger logger, string user);

    [LoggerMessage(Level = LogLevel.Error, Message = "The catalog database did not answer {Route} within {Milliseconds} ms: connection pool exhausted")]
    private static partial void DatabaseSlow(ILogger logger, string route, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Slow answer: {Method} {Route} took {Milliseconds} ms, usually {Usual} ms")]
    private static partial void SlowAnswer(ILogger logger, string method, string route, double milliseconds, double usual);
}
