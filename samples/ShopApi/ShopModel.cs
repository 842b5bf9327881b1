namespace Shop;

/// <summary>One route: how often it is called beside the others, and how long it usually takes.</summary>
/// <param name="Path">An address of it; <c>#</c> stands for a random number.</param>
public sealed record ShopRoute(string Method, string Template, string Path, double Weight, double MedianMs, double ErrorRate, int ResponseBytes);

/// <summary>What becomes of one request.</summary>
public readonly record struct Outcome(int Status, TimeSpan Duration, int RequestBytes, int ResponseBytes);

/// <summary>How the shop behaves at any time: latencies are log-normal with a slow tail, traffic comes in a daily wave, and incidents happen.</summary>
public static class ShopModel
{
    private const double Sigma = 0.5;
    private const double SlowTail = 0.012; // of the requests take several times as long: a cold cache, a pause
    private const double PeakHour = 15;

    public static IReadOnlyList<ShopRoute> Routes { get; } =
    [
        new("GET", "/", "/", 16, 9, 0.0005, 6_200),
        new("GET", "/products", "/products", 20, 24, 0.001, 18_000),
        new("GET", "/products/{id}", "/products/#", 26, 14, 0.001, 4_100),
        new("GET", "/products/{id}/reviews", "/products/#/reviews", 9, 31, 0.002, 7_700),
        new("GET", "/categories/{slug}", "/categories/books", 8, 19, 0.001, 11_000),
        new("GET", "/search", "/search", 12, 85, 0.003, 9_400),
        new("GET", "/cart/{id}", "/cart/#", 7, 11, 0.001, 1_300),
        new("POST", "/cart/{id}/items", "/cart/#/items", 5, 28, 0.002, 420),
        new("POST", "/checkout", "/checkout", 2.2, 210, 0.006, 900),
        new("GET", "/orders/{id}", "/orders/#", 3, 22, 0.001, 2_600),
        new("POST", "/login", "/login", 2.5, 130, 0.001, 300),
        new("GET", "/users/{id}", "/users/#", 3, 12, 0.001, 800),
        new("PUT", "/users/{id}", "/users/#", 0.6, 35, 0.002, 0),
    ];

    /// <summary>Where callers are, and how many of a hundred.</summary>
    public static IReadOnlyList<(string Country, double Weight)> Countries { get; } =
        [("DE", 27), ("FR", 19), ("US", 16), ("GB", 11), ("NL", 7), ("ES", 6), ("PL", 5), ("IT", 4), ("BR", 3), ("JP", 2)];

    /// <summary>Requests a second, at a mean of one over a day.</summary>
    public static double Load(DateTimeOffset at)
    {
        var wave = 1 + (0.65 * Math.Cos((at.TimeOfDay.TotalHours - PeakHour) / 24 * 2 * Math.PI));
        return wave * (Incident.At(at)?.Load ?? 1);
    }

    public static Outcome Sample(ShopRoute route, DateTimeOffset at, Random random)
    {
        var incident = Incident.At(at) is { } now && now.Touches(route) ? now : null;
        var factor = random.NextDouble() < SlowTail ? 4 + (8 * random.NextDouble()) : 1;
        var milliseconds = route.MedianMs * Math.Exp(Sigma * Normal(random)) * factor * (incident?.Slowdown ?? 1);
        var status = random.NextDouble() < route.ErrorRate + (incident?.ErrorRate ?? 0) ? incident?.Status ?? 500 : Success(route, random);
        var size = status >= 400 ? 180 : (int)(route.ResponseBytes * Math.Exp(0.3 * Normal(random)));
        return new(status, TimeSpan.FromMilliseconds(milliseconds), route.Method is "POST" or "PUT" ? random.Next(80, 900) : 0, size);
    }

    /// <summary>One of some things, each as likely as its weight says.</summary>
    public static T Pick<T>(IReadOnlyList<T> things, Func<T, double> weight, Random random)
    {
        var at = random.NextDouble() * things.Sum(weight);
        return things.FirstOrDefault(thing => (at -= weight(thing)) < 0) ?? things[^1];
    }

    private static int Success(ShopRoute route, Random random) => (route.Method, random.NextDouble()) switch
    {
        ("GET", < 0.04) => 304,
        ("GET", < 0.055) when route.Template.Contains('{', StringComparison.Ordinal) => 404,
        ("POST", < 0.08) when route.Template == "/login" => 401,
        ("POST", < 0.02) => 422,
        ("POST", _) when route.Template != "/login" => 201,
        ("PUT", _) => 204,
        _ => 200,
    };

    // Box and Muller's method.
    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
