using System.ComponentModel.DataAnnotations;
using Bayou.Hosting;
using Npgsql;

namespace Bayou.Database;

public sealed class DatabaseOptions
{
    /// <summary>The environment variable, and configuration key, of <see cref="Url"/>.</summary>
    public const string UrlKey = "BAYOU_DATABASE_URL";

    public const string Section = "Bayou:Database";

    private const int HealthConnections = 2;
    private const int AccessConnections = 1; // A question takes a third of a millisecond.

    /// <summary><c>postgres://user:password@host:port/database?sslmode=…</c>, or an Npgsql connection string.</summary>
    public string Url { get; set; } = "";

    /// <summary>Starts even where a crash of the server can lose what it has committed. For tests and trials.</summary>
    public bool AllowUnsafe { get; set; }

    /// <summary>The largest number of connections of this process, the cluster's own tables left aside; 10 or more.</summary>
    [Range(10, 1_000)]
    public int MaxConnections { get; set; } = 28;

    /// <exception cref="CannotStartException">The URL is missing or cannot be understood.</exception>
    public string ConnectionString(DatabasePool pool = DatabasePool.Work)
    {
        try
        {
            var builder = Url.StartsWith("postgres", StringComparison.Ordinal) && Url.Contains("://", StringComparison.Ordinal)
                ? FromUri(new Uri(Url))
                : new NpgsqlConnectionStringBuilder(Url);
            if (string.IsNullOrEmpty(builder.Host))
            {
                throw new CannotStartException($"{UrlKey} names no database server; expected postgres://user:password@host:port/database.");
            }

            builder.MaxPoolSize = Connections(pool);
            builder.ApplicationName = "bayou";
            if (pool == DatabasePool.Health)
            {
                (builder.Timeout, builder.CommandTimeout, builder.CancellationTimeout) = (2, 2, -1); // Seconds: whoever asks has given up by then.
            }

            builder.NoResetOnClose = true; // No statement leaves anything behind in its session.

            // A process frozen in a transaction must not hold the feed's lock for longer.
            // And a search takes two cores of the database, not three: it may have no more.
            builder.Options ??= "-c idle_in_transaction_session_timeout=5s -c jit=off -c max_parallel_workers_per_gather=1";
            return builder.ConnectionString;
        }
        catch (Exception e) when (e is UriFormatException or ArgumentException)
        {
            throw new CannotStartException($"{UrlKey} cannot be understood: {e.Message}", e);
        }
    }

    internal int Connections(DatabasePool pool) => pool switch
    {
        DatabasePool.Work => ((MaxConnections - JobConnections) / 2) - AccessConnections,
        DatabasePool.Access => AccessConnections,
        DatabasePool.Reads => MaxConnections - JobConnections - HealthConnections - ((MaxConnections - JobConnections) / 2),
        DatabasePool.Jobs => JobConnections,
        _ => HealthConnections,
    };

    private int JobConnections => MaxConnections < 16 ? 2 : 4; // one of which listens

    private static NpgsqlConnectionStringBuilder FromUri(Uri uri)
    {
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = Uri.UnescapeDataString(uri.Host),
            Port = uri.Port > 0 ? uri.Port : NpgsqlConnection.DefaultPort,
            Database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')),
        };
        var user = uri.UserInfo.Split(':', 2);
        builder.Username = Uri.UnescapeDataString(user[0]);
        builder.Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null;
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (key, value) = pair.Split('=', 2) is [var k, var v] ? (Uri.UnescapeDataString(k), Uri.UnescapeDataString(v)) : (pair, "");
            builder[key switch { "sslmode" => "SSL Mode", "host" => "Host", _ => key }] = value;
        }

        return builder;
    }
}
