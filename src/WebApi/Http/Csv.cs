namespace Bayou.Http;

/// <summary>Records of CSV (RFC 4180) that no spreadsheet takes for more than texts: their fields hold what strangers send.</summary>
internal static class Csv
{
    /// <summary>A record, with its end.</summary>
    public static string Record(params IEnumerable<string> fields) => string.Join(',', fields.Select(Field)) + "\r\n";

    /// <summary>A text that a spreadsheet would take for a formula is marked as text, also where blanks and the like are before it, which it skips.</summary>
    private static string Field(string field)
    {
        field = IsFormula(field) ? $"'{field}" : field;
        return field.AsSpan().IndexOfAny("\",\r\n") < 0 ? field : $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static bool IsFormula(string field) =>
        field is ['\t' or '\r' or '\n', ..] || field.FirstOrDefault(c => !IsSkipped(c)) is '=' or '+' or '-' or '@' or '\uFF1D' or '\uFF0B' or '\uFF0D'
            or '\uFF20';

    // White space, control characters, and those that have no width.
    private static bool IsSkipped(char c) => char.IsWhiteSpace(c) || char.IsControl(c) || c is (>= '\u200B' and <= '\u200F') or '\u2060' or '\uFEFF';
}
