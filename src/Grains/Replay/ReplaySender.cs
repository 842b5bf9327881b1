using Bayou.Http;
using Bayou.Monitor.Capture;
using Bayou.Outgoing;

namespace Bayou.Replay;

/// <summary>What was answered, without what is secret in it.</summary>
internal sealed record ReplayAnswer(int StatusCode, IReadOnlyDictionary<string, string> Headers, string Body, bool BodyTruncated, double Duration);

/// <summary>What came of sending a request again.</summary>
/// <param name="Url">Where it was sent.</param>
/// <param name="Answer">Null where there was none.</param>
/// <param name="Diff">Against the recorded answer.</param>
/// <param name="Error">Why there was no answer.</param>
/// <param name="Refusal">Why it was not sent.</param>
internal sealed record Replayed(string Method, string Url, ReplayAnswer? Answer, AnswerDiff? Diff, string? Error, ReplayRefusal? Refusal)
{
    public const string Same = "same", Differs = "differs", Failed = "failed", Refused = "refused";

    /// <summary>As the history has it.</summary>
    public string Outcome => Refusal is not null ? Refused : Diff is null ? Failed : Diff.Same ? Same : Differs;
}

/// <summary>Sends captured requests again, to registered targets alone.</summary>
internal sealed class ReplaySender(OutgoingClient client)
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <param name="ignored">Paths of the answer that are not compared.</param>
    /// <param name="twice">Whether it is sent a second time, and what differs between both left out.</param>
    public async Task<Replayed> SendAsync(
        RecordedRequest recorded, ReplayEdits edits, Target target, ReplaySettings settings, IReadOnlyCollection<string> ignored, bool twice,
        CancellationToken ct)
    {
        var method = (edits.Method ?? recorded.Method).ToUpperInvariant();
        var refusal = ReplayRequest.Refusal(recorded, edits, settings.Blocked);
        if (refusal is not null)
        {
            return new(method, "", null, null, null, refusal);
        }

        var before = (recorded.StatusCode, recorded.ResponseHeaders, recorded.ResponseBody, recorded.IsResponseBodyCut);
        var (first, wrong) = await OnceAsync(recorded, edits, target, ct);
        if (first.Answer is not { } answer)
        {
            return new(method, first.Url, null, null, first.Error, wrong);
        }

        var unsteady = twice && (await OnceAsync(recorded, edits, target, ct)).First.Answer is { } second
            ? ReplayDiff.PathsOf(ReplayDiff.Of(Comparable(answer), Comparable(second), ignored)) : [];
        return new(method, first.Url, answer, ReplayDiff.Of(before, Comparable(answer), [.. ignored, .. unsteady]), null, null);
    }

    private async Task<((string Url, ReplayAnswer? Answer, string? Error) First, ReplayRefusal? Wrong)> OnceAsync(
        RecordedRequest recorded, ReplayEdits edits, Target target, CancellationToken ct)
    {
        var (request, wrong) = ReplayRequest.Of(recorded, edits, target);
        if (request is null)
        {
            return (("", null, null), wrong);
        }

        using (request)
        {
            var url = Plain(request.RequestUri!);
            try
            {
                var answer = await client.SendAsync(request, target.AllowPrivate, Limit, ct, follow: false);
                return ((url, Plain(answer, Redactor.Like(recorded.Body, recorded.ResponseBody)), null), null);
            }
            catch (OutgoingException e)
            {
                return ((url, null, e.Message), null);
            }
        }
    }

    /// <summary>An address without what is secret in it: what was redacted may have been said anew.</summary>
    private static string Plain(Uri url)
    {
        var at = url.OriginalString.IndexOf('/', url.GetLeftPart(UriPartial.Authority).Length);
        var target = at < 0 ? "" : url.OriginalString[at..];
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var path = Redactor.Default.Path(query < 0 ? target : target[..query], null);
        return url.GetLeftPart(UriPartial.Authority) + path + (query < 0 ? "" : $"?{Redactor.Default.Query(target[(query + 1)..])}");
    }

    private static ReplayAnswer Plain(OutgoingAnswer answer, Redactor redactor) => new(
        answer.StatusCode, answer.Headers.ToDictionary(header => header.Key, header => redactor.Header(header.Key, header.Value)),
        BodyOf(answer, answer.Headers.GetValueOrDefault("content-type"), redactor), answer.IsCut,
        Math.Round(answer.Duration.TotalMilliseconds, 3));

    /// <summary>What is no text is only described, as it is where it is captured.</summary>
    private static string BodyOf(OutgoingAnswer answer, string? type, Redactor redactor) => BodyTap.IsTextType(type) || answer.Body.Length == 0
        ? JsonTexts.WithPairs(redactor.Body(answer.Body.Replace('\0', '\uFFFD'), type)) : $"{ReplayDiff.Binary}{type}]";

    private static (int, IReadOnlyDictionary<string, string>, string, bool) Comparable(ReplayAnswer answer) =>
        (answer.StatusCode, answer.Headers, answer.Body, answer.BodyTruncated);
}
