using Npgsql;

namespace Bayou.Database;

/// <summary>Gives statements their values by position, and takes those of columns that may have none.</summary>
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

    /// <summary>A column's value; null where it is NULL.</summary>
    public static async Task<T?> OrNullAsync<T>(this NpgsqlDataReader row, int column, CancellationToken ct)
        where T : struct => await row.IsDBNullAsync(column, ct) ? null : await row.GetFieldValueAsync<T>(column, ct);

    /// <summary>A column's text; null where it is NULL.</summary>
    public static async Task<string?> TextOrNullAsync(this NpgsqlDataReader row, int column, CancellationToken ct) =>
        await row.IsDBNullAsync(column, ct) ? null : row.GetString(column);
}
