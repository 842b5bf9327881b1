namespace Shop;

/// <summary>
/// Something that goes wrong for a few minutes. Every 40 minutes has one, always at the same time for the same slot, so
/// that the shop, its callers and its history agree.
/// </summary>
public sealed record Incident(
    DateTimeOffset Start, DateTimeOffset End, string? Version, double Slowdown, double ErrorRate, int Status, double Load, string? Country, string[] Templates)
{
    private static readonly TimeSpan Slot = TimeSpan.FromMinutes(40);

    /// <summary>The incident that lasts at a time, if any.</summary>
    public static Incident? At(DateTimeOffset at) => OfSlot(at) is var incident && at >= incident.Start && at < incident.End ? incident : null;

    /// <summary>The incidents that begin in a range.</summary>
    public static IEnumerable<Incident> Between(DateTimeOffset from, DateTimeOffset to)
    {
        for (var at = from - Slot; at < to + Slot; at += Slot)
        {
            if (OfSlot(at) is var incident && incident.Start >= from && incident.Start < to)
            {
                yield return incident;
            }
        }
    }

    public bool Touches(ShopRoute route)
    {
        ArgumentNullException.ThrowIfNull(route);
        return Templates.Contains(route.Template);
    }

    private static Incident OfSlot(DateTimeOffset at)
    {
        var slot = at.UtcTicks / Slot.Ticks;
        var start = new DateTimeOffset(slot * Slot.Ticks, TimeSpan.Zero) + TimeSpan.FromMinutes(12 + (slot * 7 % 11));
        var version = $"2.{slot % 1000}";
        return (slot % 3) switch
        {
            // The payment provider is slow, and sometimes does not answer at all.
            0 => new(start, start.AddMinutes(6), null, 9, 0.10, 504, 1, null, ["/checkout"]),

            // A deploy that breaks the cart, rolled back.
            1 => new(start, start.AddMinutes(7), $"{version}.1", 1.3, 0.30, 500, 1, null, ["/cart/{id}/items", "/cart/{id}"]),

            // A crawler.
            _ => new(start, start.AddMinutes(5), null, 1.6, 0, 500, 2.2, "SG", ["/search", "/products"]),
        };
    }

    /// <summary>What runs before a bad deploy and after it is rolled back.</summary>
    public string? GoodVersion => Version?[..^2] + ".0";
}
