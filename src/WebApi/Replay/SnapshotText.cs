using System.Text;
using System.Text.Json;
using Bayou.Logs;

namespace Bayou.Replay;

/// <summary>What a captured request is about: its endpoint, and where it failed the error, both without what varies. Few requests differ in it.</summary>
internal static class SnapshotText
{
    private const int Longest = 300; // characters of an error
    private const int MaxDepth = 4; // of JSON, to where an error is looked for

    private static readonly HashSet<string> Told = new(StringComparer.OrdinalIgnoreCase)
    {
        "error", "errors", "message", "title", "detail", "details", "description", "error_description", "reason", "code",
    };

    public static string Of(Snapshot one)
    {
        Span<char> masked = stackalloc char[LineMask.Room];
        var error = ErrorOf(one);
        return PatternText.Of(one.Endpoint, masked[..LineMask.Mask(error, masked)].ToString());
    }

    private static string ErrorOf(Snapshot one)
    {
        var error = one.Error.Length > 0 ? one.Error
            : one.StatusCode < 400 ? ""
            : one.Flags.HasFlag(SnapshotFlags.ResponseBodyIsJson) ? Values(one.ResponseBody) : one.ResponseBody;
        error = error.Split('\n', 2)[0].Trim();
        return error.Length <= Longest ? error : error[..(char.IsHighSurrogate(error[Longest - 1]) ? Longest - 1 : Longest)];
    }

    /// <summary>Those of the fields by which answers tell what was wrong.</summary>
    private static string Values(string body)
    {
        var text = new StringBuilder();
        var json = new Utf8JsonReader(Encoding.UTF8.GetBytes(body));
        var isTold = false;
        while (json.Read() && text.Length < Longest)
        {
            if (json.TokenType == JsonTokenType.PropertyName)
            {
                isTold = json.CurrentDepth <= MaxDepth && Told.Contains(Http.JsonTexts.Read(ref json));
            }
            else if (json.TokenType == JsonTokenType.String && isTold)
            {
                text.Append(text.Length > 0 ? " " : "").Append(Http.JsonTexts.Read(ref json));
            }
        }

        return text.ToString();
    }
}
