using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Bayou.Monitor.Capture;

namespace Bayou.Replay;

/// <summary>Where an answer differs from the recorded one.</summary>
/// <param name="Path">As in <c>items[0].price</c>, or a header's name; empty for the whole.</param>
/// <param name="Kind">added, removed or changed.</param>
/// <param name="Recorded">JSON; null for nothing.</param>
/// <param name="Replayed">JSON; null for nothing.</param>
/// <param name="IsLikelyNoise">It looks as if it differs each time: an id, a time.</param>
internal sealed record Difference(string Path, string Kind, JsonElement? Recorded, JsonElement? Replayed, bool IsLikelyNoise);

/// <summary>An answer beside the recorded one.</summary>
/// <param name="Same">Nothing differs but what is left out.</param>
/// <param name="Status">Null where it is the same.</param>
/// <param name="IsCut">There are more differences than are told, or one of the bodies was cut.</param>
/// <param name="Ignored">Paths that were left out.</param>
internal sealed record AnswerDiff(
    bool Same, Difference? Status, IReadOnlyList<Difference> Headers, IReadOnlyList<Difference> Body, bool IsCut, IReadOnlyList<string> Ignored);

/// <summary>Compares answers: JSON by its structure, whatever the order of names; all else as a text.</summary>
internal static partial class ReplayDiff
{
    /// <summary>Before the description of a body that is no text, which says nothing of what is in it.</summary>
    public const string Binary = "[binary ";

    private const int Most = 200;
    private const int LongestText = 2_000;

    // Those that say nothing of what was answered.
    private static readonly HashSet<string> NotCompared = new(StringComparer.OrdinalIgnoreCase)
    {
        "date", "age", "server", "server-timing", "content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive", "vary", "via", "etag",
        "x-trace-id", "traceparent", "tracestate", "x-request-id", "request-id", "x-correlation-id", "set-cookie", "expires", "last-modified", "alt-svc",
        "x-powered-by", "cf-ray", "x-amzn-requestid", "x-amzn-trace-id", "x-response-time", "x-runtime",
    };

    /// <param name="ignored">Paths that are not compared, any place in an array as <c>[*]</c>.</param>
    public static AnswerDiff Of(
        (int Status, IReadOnlyDictionary<string, string> Headers, string Body, bool IsCut) recorded,
        (int Status, IReadOnlyDictionary<string, string> Headers, string Body, bool IsCut) replayed, IReadOnlyCollection<string> ignored)
    {
        var status = recorded.Status == replayed.Status ? null : Changed("status", recorded.Status, replayed.Status);
        List<Difference> headers = recorded.Headers.Count == 0 ? [] // Its sender told none.
            : [.. HeadersOf(recorded.Headers, replayed.Headers)];
        var isCut = recorded.IsCut || replayed.IsCut || IsBinary(recorded.Body) || IsBinary(replayed.Body);
        var (body, left) = BodyOf(recorded.Body, replayed.Body, isCut, ignored);
        isCut |= body.Count > Most;
        return new(status is null && headers.Count == 0 && body.Count == 0, status, headers, [.. body.Take(Most)], isCut, left);
    }

    /// <summary>The paths of differences, for any place in an array.</summary>
    public static IEnumerable<string> PathsOf(AnswerDiff diff) => diff.Body.Select(difference => AnyPlace(difference.Path)).Distinct();

    /// <summary>A path with any place in an array as <c>[*]</c>.</summary>
    public static string AnyPlace(string path) => Places().Replace(path, "[*]");

    private static IEnumerable<Difference> HeadersOf(IReadOnlyDictionary<string, string> recorded, IReadOnlyDictionary<string, string> replayed)
    {
        foreach (var name in recorded.Keys.Concat(replayed.Keys).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal))
        {
            var (before, after) = (recorded.GetValueOrDefault(name), replayed.GetValueOrDefault(name));
            if (before != after && !NotCompared.Contains(name) && !(before is not null && Redactor.IsMarked(before)))
            {
                yield return Changed(name, before, after);
            }
        }
    }

    private static (List<Difference> Body, List<string> Ignored) BodyOf(string recorded, string replayed, bool isCut, IReadOnlyCollection<string> ignored)
    {
        var (differences, left) = (new List<Difference>(), new SortedSet<string>(StringComparer.Ordinal));
        if (recorded == replayed || IsBinary(recorded) || IsBinary(replayed))
        {
            return (differences, []);
        }

        if (Json(recorded) is { } before && Json(replayed) is { } after)
        {
            using (before)
            using (after)
            {
                Compare("", before.RootElement, after.RootElement, new(ignored, differences, left));
            }
        }
        else if (!Redactor.IsMarked(recorded) && !(isCut && SameBeginning(recorded, replayed)))
        {
            differences.Add(Changed("", Short(recorded), Short(replayed)));
        }

        return (differences, [.. left]);
    }

    private static void Compare(string path, JsonElement recorded, JsonElement replayed, Comparison into)
    {
        if (into.Differences.Count > Most)
        {
            return;
        }

        if (into.Ignored.Contains(AnyPlace(path)))
        {
            if (!JsonElement.DeepEquals(recorded, replayed))
            {
                into.Left.Add(AnyPlace(path));
            }

            return;
        }

        if (recorded.ValueKind == JsonValueKind.Object && replayed.ValueKind == JsonValueKind.Object)
        {
            var after = Properties(replayed);
            foreach (var (name, value) in Properties(recorded))
            {
                CompareOrAdd(Join(path, name), value, after.Remove(name, out var other) ? other : null, into);
            }

            foreach (var (name, value) in after)
            {
                CompareOrAdd(Join(path, name), null, value, into);
            }
        }
        else if (recorded.ValueKind == JsonValueKind.Array && replayed.ValueKind == JsonValueKind.Array)
        {
            var (before, after) = (recorded.GetArrayLength(), replayed.GetArrayLength());
            for (var at = 0; at < Math.Max(before, after) && into.Differences.Count <= Most; at++)
            {
                CompareOrAdd(
                    string.Create(CultureInfo.InvariantCulture, $"{path}[{at}]"), at < before ? recorded[at] : null, at < after ? replayed[at] : null, into);
            }
        }
        else if (!JsonElement.DeepEquals(recorded, replayed) && !(recorded.ValueKind == JsonValueKind.String && Redactor.IsMarked(recorded.GetString()!)))
        {
            into.Differences.Add(new(path, "changed", recorded.Clone(), replayed.Clone(), IsLikelyNoise(path, recorded, replayed)));
        }
    }

    private static void CompareOrAdd(string path, JsonElement? recorded, JsonElement? replayed, Comparison into)
    {
        if (recorded is { } before && replayed is { } after)
        {
            Compare(path, before, after, into);
        }
        else if (into.Ignored.Contains(AnyPlace(path)))
        {
            into.Left.Add(AnyPlace(path));
        }
        else
        {
            into.Differences.Add(new(path, recorded is null ? "added" : "removed", recorded?.Clone(), replayed?.Clone(), IsLikelyNoise: false));
        }
    }

    /// <summary>Of several of one name the last, as most readers have it.</summary>
    private static Dictionary<string, JsonElement> Properties(JsonElement from)
    {
        var properties = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in from.EnumerateObject())
        {
            properties[property.Name] = property.Value;
        }

        return properties;
    }

    private static bool IsLikelyNoise(string path, JsonElement recorded, JsonElement replayed) =>
        recorded.ValueKind == replayed.ValueKind && (
            NoisyNames().IsMatch(path)
            || (recorded.ValueKind == JsonValueKind.String && NoisyValues().IsMatch(recorded.GetString()!) && NoisyValues().IsMatch(replayed.GetString()!)));

    private static Difference Changed<T>(string path, T? recorded, T? replayed) => new(
        path, recorded is null ? "added" : replayed is null ? "removed" : "changed", recorded is null ? null : JsonSerializer.SerializeToElement(recorded),
        replayed is null ? null : JsonSerializer.SerializeToElement(replayed), IsLikelyNoise: false);

    private static JsonDocument? Json(string body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsBinary(string body) => body.StartsWith(Binary, StringComparison.Ordinal);

    private static bool SameBeginning(string one, string other) =>
        one.StartsWith(other, StringComparison.Ordinal) || other.StartsWith(one, StringComparison.Ordinal);

    private static string Short(string text) => text.Length <= LongestText ? text : $"{text.AsSpan(0, LongestText)}…";

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    [GeneratedRegex(@"\[[0-9]+\]")]
    private static partial Regex Places();

    [GeneratedRegex(
        "(?:^|[._])(?:id|uuid|guid|etag|nonce|time|timestamp|date|expires|uptime|duration|elapsed)$|[a-z](?:Id|At|Time|Date)$|_(?:id|at|ms)$|trace")]
    private static partial Regex NoisyNames();

    // UUIDs, hashes and other random texts in hexadecimal, ULIDs, times of ISO 8601.
    [GeneratedRegex(@"^(?:[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{16,}|[0-9A-HJKMNP-TV-Z]{26}|[0-9]{4}-[0-9]{2}-[0-9]{2}T.*)$")]
    private static partial Regex NoisyValues();

    private sealed record Comparison(IReadOnlyCollection<string> Ignored, List<Difference> Differences, SortedSet<string> Left);
}
