using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Bayou.Http;

namespace Bayou.Ingest;

/// <summary>Reads texts that must be whole: names by which others find things.</summary>
internal static class ItemText
{
    public const string NoText = "must be a string";
    public const string Empty = "must not be empty";

    private const int LongestAddress = 100; // with the name of an interface

    /// <param name="longest">In bytes of UTF-8.</param>
    /// <returns>What is wrong with it, in words that follow the field's name, or null.</returns>
    public static string? Read(ref readonly Utf8JsonReader json, int longest, out string text)
    {
        text = "";
        if (json.TokenType != JsonTokenType.String)
        {
            return NoText;
        }

        if (!Utf8.IsValid(json.ValueSpan))
        {
            return "is not valid UTF-8";
        }

        try
        {
            text = json.GetString()!;
        }
        catch (InvalidOperationException) // What the reader throws at a lone surrogate, such as \ud800.
        {
            return "has an escape that is no character";
        }

        return Problem(text, longest);
    }

    /// <returns>What is wrong with it, in words that follow the field's name, or null.</returns>
    public static string? ReadAddress(ref readonly Utf8JsonReader json, out IPAddress? address)
    {
        address = null;
        return Read(in json, LongestAddress, out var text) ?? (IPAddress.TryParse(text, out address) ? null : "must be an address of IP");
    }

    /// <summary>What is wrong with a text, or null.</summary>
    /// <param name="longest">In bytes of UTF-8.</param>
    public static string? Problem(string text, int longest) =>
        string.IsNullOrWhiteSpace(text) ? Empty
        : Encoding.UTF8.GetByteCount(text) > longest ? TooLong(longest)
        : text.AsSpan().ContainsAnyInRange('\0', '\x1f') ? "has a control character"
        : null;

    public static string TooLong(int longest) => $"is longer than {longest} bytes of UTF-8";
}

/// <summary>Reads the time of an item: not older than what is kept, and not ahead of what another clock may be.</summary>
internal static class ItemTime
{
    /// <param name="utc">Left as it is where there is none.</param>
    /// <returns>What is wrong with it, in words that follow the field's name, or null.</returns>
    public static string? Read(ref readonly Utf8JsonReader json, DateTimeOffset oldest, DateTimeOffset newest, ref DateTime utc)
    {
        if (!Times.TryRead(in json, out var read))
        {
            return Times.UnitProblem(json.ValueSpan) ?? Times.Expected;
        }

        utc = read;
        return Problem(json.ValueSpan, read, oldest, newest);
    }

    /// <param name="written">As the sender wrote it: a number may be of another unit.</param>
    /// <param name="kept">Of what is kept no longer, in words.</param>
    public static string? Problem(
        ReadOnlySpan<byte> written, DateTimeOffset time, DateTimeOffset oldest, DateTimeOffset newest, string kept = "what is kept") =>
        time >= oldest && time <= newest ? null
        : Times.UnitProblem(written)
            ?? (time < oldest ? $"is older than {kept}" : $"is more than {ItemLimits.MaxAhead.TotalMinutes:0} minutes ahead of the server's clock");
}
