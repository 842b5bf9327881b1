using System.Net;

namespace Bayou.Outgoing;

public sealed class NetworkAddressTests
{
    [Theory]
    [InlineData("127.0.0.1", "Loopback")]
    [InlineData("127.8.9.1", "Loopback")]
    [InlineData("::1", "Loopback")]
    [InlineData("::ffff:127.0.0.1", "Loopback")]
    [InlineData("64:ff9b::7f00:1", "Loopback")] // by NAT64
    [InlineData("2002:7f00:0001::", "Loopback")] // by 6to4
    [InlineData("0.0.0.0", "Private")]
    [InlineData("::", "Private")]
    [InlineData("10.1.2.3", "Private")]
    [InlineData("172.31.255.255", "Private")]
    [InlineData("172.32.0.1", "Public")]
    [InlineData("192.168.1.1", "Private")]
    [InlineData("::ffff:192.168.1.1", "Private")]
    [InlineData("169.254.169.254", "Private")] // the metadata of clouds
    [InlineData("::ffff:a9fe:a9fe", "Private")]
    [InlineData("fd00:ec2::254", "Private")]
    [InlineData("fe80::1", "Private")]
    [InlineData("100.64.0.1", "Private")]
    [InlineData("224.0.0.1", "Private")]
    [InlineData("255.255.255.255", "Private")]
    [InlineData("198.18.0.1", "Private")]
    [InlineData("8.8.8.8", "Public")]
    [InlineData("2606:4700:4700::1111", "Public")]
    [InlineData("64:ff9b::808:808", "Public")]
    public void An_address_is_told_from_those_of_ones_own_network(string address, string reach) =>
        Assert.Equal(reach, $"{NetworkAddress.ReachOf(IPAddress.Parse(address))}");
}
