using Npgsql;

namespace Bayou.Database;

/// <summary>Gives statements their values by position.</summary>
internal static class SqlValues
{
    /// <summary>Adds the next values, from <c>$1</c> on. Null takes the type that its place in the statement has.</summary>
    public static void With(this NpgsqlCommand command, params ReadOnlySpan<object?> values)
    {
        foreach (var value in values)
        {
            command.With<object?>(value);
        }
    }

    /// <summary>Adds the next value. An array is one value.</summary>
    public static void With<T>(this NpgsqlCommand command, T value) => command.Parameters.Add(new() { Value = (object?)value ?? DBNull.Value });
}
