using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Bayou.Cluster;

/// <summary>
/// Lets a silo join a cluster whose silos have died without a word. Orleans lets one join only when it reaches every member that the table has as active;
/// where all have died, each new one would try in vain until it has watched the dead for long enough. So before it joins, those that do not answer are
/// declared dead here, once they have not said for as long as Orleans allows that they live.
/// </summary>
internal sealed partial class DeadMembers(
    IMembershipTable table, IOptions<ClusterMembershipOptions> options, TimeProvider time, ILogger<DeadMembers> logger) : IHostedService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Connect = TimeSpan.FromSeconds(1);

    /// <summary>Beyond what a member may be silent for. One that others reach and this silo does not is theirs to judge: then Orleans says so.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await table.InitializeMembershipTableAsync(tryInitTableVersion: true, cancellationToken);
        var silence = options.Value.IAmAliveTablePublishTimeout * options.Value.NumMissedTableIAmAliveLimit;
        var until = time.GetUtcNow() + silence + Grace;
        while (await AwaitedAsync(silence, cancellationToken) is { Length: > 0 } awaited && time.GetUtcNow() < until)
        {
            Waits(awaited);
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Declares dead who is.</summary>
    /// <returns>Those that neither answer nor are known to be dead, as text; empty when there are none.</returns>
    private async Task<string> AwaitedAsync(TimeSpan silence, CancellationToken ct)
    {
        var members = await table.ReadAllAsync(ct);
        var active = members.Members.Where(member => member.Item1.Status == SiloStatus.Active).ToList();
        var answers = await Task.WhenAll(active.Select(member => AnswersAsync(member.Item1.SiloAddress, ct)));
        var mute = active.Where((_, i) => !answers[i]).ToList();
        var dead = mute.Find(member => time.GetUtcNow().UtcDateTime - Seen(member.Item1) > silence);
        if (dead is null)
        {
            return string.Join(", ", mute.Select(member => member.Item1.SiloAddress));
        }

        var (entry, tag) = dead;
        var seen = Seen(entry);
        entry.Status = SiloStatus.Dead;
        if (await table.UpdateRowAsync(entry, tag, members.Version.Next(), ct))
        {
            DeclaresDead(entry.SiloAddress, seen);
        }

        return await AwaitedAsync(silence, ct); // One version of the table, one change; another silo may have been first.
    }

    /// <remarks>It says that it lives only once it is active.</remarks>
    private static DateTime Seen(MembershipEntry entry) => entry.IAmAliveTime > entry.StartTime ? entry.IAmAliveTime : entry.StartTime;

    private static async Task<bool> AnswersAsync(SiloAddress silo, CancellationToken ct)
    {
        using var socket = new Socket(silo.Endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Connect);
        try
        {
            await socket.ConnectAsync(silo.Endpoint, patience.Token);
            return true;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Waiting for silos that do not answer and were there a moment ago: {silos}")]
    private partial void Waits(string silos);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Silo {silo} does not answer and said last at {seen:O} that it lives: declared dead")]
    private partial void DeclaresDead(SiloAddress silo, DateTime seen);
}
