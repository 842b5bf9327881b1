using System.Net.Sockets;
using Npgsql;

namespace Bayou.Database;

/// <summary>What PostgreSQL's absence looks like; where its name does not resolve, Npgsql lets the socket's exception through.</summary>
internal static class DatabaseFailure
{
    /// <summary>Whether it is about the database at all.</summary>
    public static bool Is(Exception e) => e is NpgsqlException or TimeoutException or SocketException;

    /// <summary>Whether the database does not answer just now, and may later.</summary>
    public static bool IsPassing(Exception e) =>
        e is NpgsqlException { IsTransient: true } or NpgsqlException { InnerException: SocketException } or TimeoutException or SocketException;
}
