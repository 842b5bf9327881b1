using System.Net;
using System.Net.Sockets;

namespace Bayou.Outgoing;

/// <summary>Where an address leads.</summary>
internal enum AddressReach { Public, Private, Loopback }

/// <summary>Tells addresses of the internet from those of a network of one's own (the special-purpose registries of IANA, RFC 6890).</summary>
internal static class NetworkAddress
{
    private static readonly IPNetwork[] Loopback = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")];

    // Private, shared, link-local (the metadata of clouds among them), documentation, benchmarks, multicast, reserved.
    private static readonly IPNetwork[] Private =
    [
        .. ((string[])[
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/128", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        ]).Select(network => IPNetwork.Parse(network)),
    ];

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork LocalNat64 = IPNetwork.Parse("64:ff9b:1::/48");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");
    private static readonly IPNetwork Compatible = IPNetwork.Parse("::/96");

    public static AddressReach ReachOf(IPAddress address)
    {
        var plain = Inner(address);
        return Loopback.Any(network => network.Contains(plain)) ? AddressReach.Loopback
            : LocalNat64.Contains(plain) || Private.Any(network => network.Contains(plain)) ? AddressReach.Private : AddressReach.Public;
    }

    /// <summary>The address of version 4 that one of version 6 stands for, where it does.</summary>
    private static IPAddress Inner(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6 || address.Equals(IPAddress.IPv6Any) || address.Equals(IPAddress.IPv6Loopback))
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
            : Nat64.Contains(address) || Compatible.Contains(address) ? new(bytes.AsSpan(12, 4))
            : SixToFour.Contains(address) ? new(bytes.AsSpan(2, 4))
            : address;
    }
}
