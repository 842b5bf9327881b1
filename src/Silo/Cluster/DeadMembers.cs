using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Bayou.Cluster;

/// <summary>
/// Lets a silo join a cluster whose silos have died without a word. Orleans lets one join only when it reaches every member that the table has as active;
/// where all have died, each new one would try in vain until it has watched the dead for long enough. So before it joins, it declares dead who takes no
/// connection and has not said that it lives: for as long as Orleans allows by this silo's own clock, or for so long that no clock can explain it.
/// </summary>
internal sealed partial class DeadMembers(
    IMembershipTable table, ILocalSiloDetails local, IOptions<ClusterMembershipOptions> options, TimeProvider time, ILogger<DeadMembers> logger)
    : IHostedService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Connect = TimeSpan.FromSeconds(1);

    /// <summary>Beyond what clocks differ by, and beyond the minute for which a living silo says nothing once it could not write.</summary>
    private static readonly TimeSpan Past = TimeSpan.FromMinutes(3);

    /// <summary>Beyond what a member may be silent for. One that others reach and this silo does not is theirs to judge: then Orleans says so.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly TimeSpan _silence = options.Value.IAmAliveTablePublishTimeout * options.Value.NumMissedTableIAmAliveLimit;
    private readonly Dictionary<SiloAddress, (DateTime Said, long Since)> _mute = []; // since when, by this silo's own clock

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await table.InitializeMembershipTableAsync(tryInitTableVersion: true, cancellationToken);
        var began = time.GetTimestamp();
        while (await LookAsync(cancellationToken) && time.GetElapsedTime(began) < _silence + Grace)
        {
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Declares dead who is.</summary>
    /// <returns>Whether some neither answer nor are known to be dead.</returns>
    private async Task<bool> LookAsync(CancellationToken ct)
    {
        var (now, started) = (time.GetUtcNow().UtcDateTime, time.GetTimestamp());
        var active = (await table.ReadAllAsync(ct)).Members.Select(member => member.Item1).Where(IsOther).ToList();
        var answers = await Task.WhenAll(active.Select(member => AnswersAsync(member.SiloAddress, ct)));
        var mute = active.Where((_, i) => !answers[i]).ToDictionary(member => member.SiloAddress, Said);
        foreach (var (silo, said) in mute)
        {
            _mute[silo] = _mute.TryGetValue(silo, out var known) && known.Said == said ? known : (said, started);
        }

        var dead = mute.Where(one => now - one.Value > Past || time.GetElapsedTime(_mute[one.Key].Since, started) >= _silence).ToDictionary();
        while (dead.Count > 0 && await DeclareOneAsync(dead, ct))
        {
            // Each change of the table needs its latest version.
        }

        var awaited = mute.Keys.Except(dead.Keys).ToList();
        if (awaited.Count > 0)
        {
            Waits(awaited.Count);
        }

        foreach (var silo in _mute.Keys.Except(awaited).ToList())
        {
            _mute.Remove(silo);
        }

        return awaited.Count > 0;
    }

    /// <summary>Who may be waited for: not what is left of this very address, which Orleans clears away itself.</summary>
    private bool IsOther(MembershipEntry member) => member.Status == SiloStatus.Active && !member.SiloAddress.Endpoint.Equals(local.SiloAddress.Endpoint);

    /// <param name="dead">With what each said last.</param>
    /// <returns>False when none of them is left: another silo may have been first, or one has said something.</returns>
    private async Task<bool> DeclareOneAsync(Dictionary<SiloAddress, DateTime> dead, CancellationToken ct)
    {
        var members = await table.ReadAllAsync(ct);
        var (entry, tag) = members.Members.FirstOrDefault(member => IsOther(member.Item1)
            && dead.TryGetValue(member.Item1.SiloAddress, out var said) && Said(member.Item1) == said) ?? new(null!, "");
        if (entry is null)
        {
            return false;
        }

        entry.Status = SiloStatus.Dead;
        if (await table.UpdateRowAsync(entry, tag, members.Version.Next(), ct))
        {
            DeclaresDead(entry.SiloAddress, dead[entry.SiloAddress]);
        }

        return true;
    }

    /// <remarks>It says that it lives only once it is active.</remarks>
    private static DateTime Said(MembershipEntry entry) => entry.IAmAliveTime > entry.StartTime ? entry.IAmAliveTime : entry.StartTime;

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

    [LoggerMessage(Level = LogLevel.Debug, Message = "Waiting for {count} silos that do not answer and were there a moment ago")]
    private partial void Waits(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Silo {silo} does not answer and said last at {said:O} that it lives: declared dead")]
    private partial void DeclaresDead(SiloAddress silo, DateTime said);
}
