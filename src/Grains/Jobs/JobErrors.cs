using Bayou.Logs;

namespace Bayou.Jobs;

/// <summary>Errors as groups: the same without what varies, as the miner has log lines.</summary>
internal static class JobErrors
{
    private const char Shown = '*';

    public static string Pattern(string error)
    {
        Span<char> masked = stackalloc char[LineMask.Room];
        var length = LineMask.Mask(error, masked);
        return masked[..length].ToString().Replace(LineMask.Variable, Shown).Replace(LineMask.Learned, Shown);
    }
}
