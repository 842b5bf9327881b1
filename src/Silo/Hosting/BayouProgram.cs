using Bayou.Database;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Hosting;

/// <summary>What keeps Bayou from starting, in words for whoever runs it: which setting, and what to do about it.</summary>
public sealed class CannotStartException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Runs one of Bayou's programs.</summary>
public static class BayouProgram
{
    /// <summary>
    /// Builds it and runs it until it is told to end. What keeps it from starting is said in a line; what is wrong with the program itself is thrown.
    /// </summary>
    /// <returns>The exit code: 0; 1 when it could not start.</returns>
    public static async Task<int> RunAsync(Func<WebApplication> build, TextWriter errors)
    {
        ArgumentNullException.ThrowIfNull(build);
        ArgumentNullException.ThrowIfNull(errors);
        var (hasStarted, isStopping) = (false, false);
        try
        {
            var app = build(); // Running it disposes of it.
            using var started = app.Lifetime.ApplicationStarted.Register(() => hasStarted = true);
            using var stopping = app.Lifetime.ApplicationStopping.Register(() => isStopping = true);
            await app.RunAsync();
            return 0;
        }
        catch (OperationCanceledException) when (!hasStarted && isStopping)
        {
            return 0; // It was told to end before it had begun.
        }
        catch (Exception e) when (!hasStarted && ReasonOf(e) is { } reason)
        {
            await errors.WriteLineAsync($"bayou: {reason}");
            return 1;
        }
    }

    internal static string? ReasonOf(Exception e) => e switch
    {
        CannotStartException or OptionsValidationException => e.Message,
        InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } => e.Message, // a value of the wrong type; it names the key
        // of several kinds of options
        AggregateException { InnerExceptions: var all } when all.All(one => ReasonOf(one) is not null) => string.Join(' ', all.Select(ReasonOf)),
        PostgresException { SqlState: ['4', '2', ..] and not PostgresErrorCodes.InsufficientPrivilege } => null, // a statement of ours is wrong
        NpgsqlException =>
            $"The database that {DatabaseOptions.UrlKey} names cannot be used. "
                + $"{e.Message}{(e.InnerException is { } inner && inner.Message != e.Message ? $": {inner.Message}" : "")}",
        IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } => e.Message,
        _ => null,
    };
}
