using System.Net;
using System.Net.Sockets;
using Bayou.Access;
using Bayou.Hosting;
using Bayou.Replay;
using Microsoft.Extensions.Options;

namespace Bayou.Geo;

/// <summary>What is kept of the addresses that captured requests came from: nothing, unless told.</summary>
internal sealed class ClientAddresses
{
    private const int NetworkBytesOfV4 = 3;
    private const int NetworkBytesOfV6 = 6;
    private const int HashBytes = 12; // of the HMAC: no two addresses of one installation are mixed up

    private readonly KeptAddress _kept;
    private readonly SecretKey _key;

    /// <exception cref="CannotStartException">They are to be hashed, and there is no key.</exception>
    public ClientAddresses(IOptions<ReplayOptions> options, SecretKey key)
    {
        (_kept, _key) = (options.Value.ClientAddress, key);
        if (_kept == KeptAddress.Hashed && !key.IsSet)
        {
            throw new CannotStartException(
                $"{ReplayOptions.Section}:{nameof(ReplayOptions.ClientAddress)} is {nameof(KeptAddress.Hashed)}, which needs {SecretKey.Name}");
        }
    }

    /// <returns>Empty for nothing.</returns>
    public string Kept(IPAddress address)
    {
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return _kept switch
        {
            KeptAddress.Truncated => Network(address),
            KeptAddress.Hashed => Convert.ToHexStringLower(_key.Hash("client addresses", address.GetAddressBytes()).AsSpan(0, HashBytes)),
            _ => "",
        };
    }

    private static string Network(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        var network = address.AddressFamily == AddressFamily.InterNetwork ? NetworkBytesOfV4 : NetworkBytesOfV6;
        bytes.AsSpan(network).Clear();
        return $"{new IPAddress(bytes)}/{network * 8}";
    }
}
