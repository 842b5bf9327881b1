using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Bayou.Database;
using Npgsql;

namespace Bayou.Access;

/// <summary>
/// Slows down who guesses passwords, whichever node they ask: so many attempts in a quarter of an hour from a network address, for an account from that
/// address, and for an account in all, where the last is more than anybody needs who only mistypes, and not soon reached by one who wants to shut another out.
/// </summary>
internal sealed class SignInLimits(NpgsqlDataSource db, TimeProvider time)
{
    private const int OfAddress = 50;
    private const int OfAccountFromAddress = 10;
    private const int OfAccount = 200;
    private const int OfCodes = 10; // of a second factor: whoever tries has the password already
    private const int OfCodesADay = 50; // one in seven thousand to guess one of three
    private static readonly TimeSpan Quarter = TimeSpan.FromMinutes(15);

    /// <summary>Counts an attempt before it is made.</summary>
    /// <returns>How long to wait with it; null for not at all.</returns>
    public async Task<TimeSpan?> TakeAsync(HttpContext http, string account, CancellationToken ct)
    {
        var address = Network(http.Connection.RemoteIpAddress);
        var since = Since();

        // What is over its limit counts for nothing else: one address could fill the table with accounts.
        return await CountAsync($"address {address}", since, ct) > OfAddress
            || await CountAsync($"account {account} from {address}", since, ct) > OfAccountFromAddress
            || await CountAsync($"account {account}", since, ct) > OfAccount
            ? since + Quarter - time.GetUtcNow().UtcDateTime : null;
    }

    /// <summary>Counts a code before it is looked at, of somebody who has shown the password.</summary>
    /// <returns>How long to wait with it; null for not at all.</returns>
    public async Task<TimeSpan?> TakeCodeAsync(int person, CancellationToken ct)
    {
        var since = Since();
        return await CountAsync(CodesOf(person), since, ct) > OfCodes || await OfDayAsync(CodesOf(person), ct) > OfCodesADay
            ? since + Quarter - time.GetUtcNow().UtcDateTime : null;
    }

    /// <summary>A code was right.</summary>
    public Task ForgetCodesAsync(int person, CancellationToken ct) => ForgetAsync(CodesOf(person), ct);

    private static string CodesOf(int person) => string.Create(CultureInfo.InvariantCulture, $"codes of {person}");

    /// <summary>An attempt was right: from there its account begins anew.</summary>
    public Task ForgetAsync(HttpContext http, string account, CancellationToken ct) =>
        ForgetAsync($"account {account} from {Network(http.Connection.RemoteIpAddress)}", ct);

    /// <summary>An e-mail is told from others as the index of users does.</summary>
    private const string Subject = "sha256(convert_to(lower($1), 'UTF8'))";

    private async Task ForgetAsync(string subject, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"DELETE FROM sign_in_attempts WHERE subject = {Subject}");
        command.With(subject);
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task<long> OfDayAsync(string subject, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"SELECT coalesce(sum(failures), 0) FROM sign_in_attempts WHERE subject = {Subject} AND since > $2");
        command.With(subject, time.GetUtcNow().UtcDateTime.AddDays(-1));
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    private async Task<int> CountAsync(string subject, DateTime since, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            INSERT INTO sign_in_attempts AS a (subject, since, failures) VALUES ({Subject}, $2, 1)
            ON CONFLICT (subject, since) DO UPDATE SET failures = a.failures + 1 RETURNING failures
            """);
        command.With(subject, since);
        return (int)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Of IPv6 the /64 that one household or server has.</summary>
    private static string Network(IPAddress? address)
    {
        if (address is null or { AddressFamily: AddressFamily.InterNetwork } or { IsIPv4MappedToIPv6: true })
        {
            return address?.MapToIPv4().ToString() ?? "";
        }

        return Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8));
    }

    private DateTime Since()
    {
        var now = time.GetUtcNow().UtcDateTime;
        return now.AddTicks(-(now.Ticks % Quarter.Ticks));
    }
}
