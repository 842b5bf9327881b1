namespace Bayou.Outgoing;

/// <summary>What may be sent as a header.</summary>
internal static class OutgoingHeaders
{
    /// <summary>Whether a name is a token (RFC 9110) and what it holds printable ASCII: a line break would begin a header, or a request, of its own.</summary>
    public static bool IsValid(string name, string? value)
    {
        using var trial = new HttpRequestMessage();
        return value is not null && !value.Any(c => c is < ' ' or > '~') && trial.Headers.TryAddWithoutValidation(name, value);
    }
}
