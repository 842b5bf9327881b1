using System.Text.Json;
using Bayou.Access;
using Bayou.Audit;
using Bayou.Http;
using Bayou.Outgoing;
using Bayou.Projects;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Replay;

/// <summary>How a captured request is sent again; what is null is as it was recorded.</summary>
/// <param name="Confirm">Needed where it may change something, and for a production target.</param>
/// <param name="Stage">
/// Of the target. Unless told, that of the recorded request, or where that has no target of its own, the one of the service; empty for this one.
/// </param>
/// <param name="Query">Without the question mark.</param>
/// <param name="Headers">In place of those recorded.</param>
/// <param name="Body">A text is sent as it is, anything else as JSON.</param>
/// <param name="Twice">Whether it is sent a second time, and what differs between both left out of the diff.</param>
internal sealed record ReplayBody(
    bool? Confirm, string? Stage, string? Method, string? Path, string? Query, IReadOnlyDictionary<string, string>? Headers, JsonElement? Body,
    bool? Twice) : IBody;

/// <summary>Where a captured request was sent.</summary>
internal sealed record ReplayTarget(string Service, string Stage, string BaseUrl, bool IsProduction);

/// <summary>What came of it.</summary>
/// <param name="Id">In the history.</param>
/// <param name="Headers">Of the answer, in small letters.</param>
/// <param name="Body">Of the answer: JSON where it is that, else a text.</param>
/// <param name="Duration">ms.</param>
/// <param name="Diff">Against the recorded answer.</param>
internal sealed record ReplayResult(
    long Id, ReplayTarget Target, string Method, string Url, int StatusCode, IReadOnlyDictionary<string, string> Headers, WrittenJson? Body, bool BodyTruncated,
    double Duration, AnswerDiff Diff);

/// <summary><c>POST /replay/{id}/replay</c>: sends a captured request again, to its service's registered target.</summary>
internal sealed class ReplayOnce(
    CurrentProject project, RecordedRequests recorded, ReplaySender sender, ReplayStore store, TargetStore targets, RequestBody bodies, NpgsqlDataSource db)
{
    private const int MostHeaders = 200;

    public async Task<Results<ApiResult<ReplayResult>, ApiProblem>> PostAsync(HttpContext http, long id, CancellationToken ct)
    {
        if ((await recorded.ReadAsync(project.Id, [id], ct)).FirstOrDefault() is not { } one)
        {
            return ApiProblem.NotFound("captured request");
        }

        var (body, problem) = await BodyAsync(http, ct);
        if (body is null)
        {
            return problem!;
        }

        var edits = EditsOf(body);
        var method = (edits.Method ?? one.Method).ToUpperInvariant();
        if (FieldProblem(body, method) is { } wrong)
        {
            return ApiProblem.Of(wrong)!;
        }

        if (await targets.FindAsync(project.Id, one.Service, body.Stage ?? one.Stage, ct) is not { } target
            || (body.Stage is { Length: > 0 } && body.Stage != target.Stage))
        {
            return new ApiProblem(
                StatusCodes.Status409Conflict, "NO_TARGET",
                $"Service {one.Service} has no registered target{(body.Stage is { Length: > 0 } stage ? $" for {stage}" : "")}; an administrator can register "
                    + "one in the settings.",
                [new("stage", "has no registered target")]);
        }

        if (Forbidden(http, body, edits, method, target) is { } forbidden)
        {
            return forbidden;
        }

        await AuditAsync(http, one, method, target, edits, ct);
        var settings = await store.SettingsAsync(project.Id, ct);
        var ignored = await store.IgnoredAsync(project.Id, one.Service, one.Endpoint, ct);
        var replayed = await sender.SendAsync(one, edits, target, settings, ignored, body.Twice == true, ct);
        var kept = await store.AddAsync(project.Id, one, replayed, run: null, http.Caller()?.Name ?? "", ct);
        return replayed switch
        {
            { Refusal: { IsForbidden: true } refusal } => new ApiProblem(
                StatusCodes.Status403Forbidden, "FORBIDDEN", $"{refusal.Field} {refusal.Message}.", [new(refusal.Field, refusal.Message)]),
            { Refusal: { } refusal } => new ApiProblem(
                StatusCodes.Status409Conflict, "CONFLICT", $"{refusal.Field} {refusal.Message}.", [new(refusal.Field, refusal.Message)]),
            { Answer: null } => new ApiProblem(StatusCodes.Status502BadGateway, "NO_ANSWER", replayed.Error!),
            { Answer: var answer } => new ApiResult<ReplayResult>(new(
                kept!.Value, new(target.Service, target.Stage, target.BaseUrl.ToString(), target.IsProduction), replayed.Method, replayed.Url,
                answer.StatusCode, answer.Headers, BodyOf(answer.Body), answer.BodyTruncated, answer.Duration, replayed.Diff!)),
        };
    }

    /// <returns>JSON where it is that, else a text.</returns>
    public static WrittenJson? BodyOf(string body)
    {
        if (body.Length == 0)
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(body);
            return new(JsonSerializer.SerializeToUtf8Bytes(json.RootElement));
        }
        catch (JsonException)
        {
            return new(JsonSerializer.SerializeToUtf8Bytes(body));
        }
    }

    private async Task<(ReplayBody? Body, ApiProblem? Problem)> BodyAsync(HttpContext http, CancellationToken ct) =>
        http.Request.ContentLength == 0 || (http.Request.ContentLength is null && http.Request.ContentType is null)
            ? (new(null, null, null, null, null, null, null, null), null)
            : await JsonBody.ReadAsync<ReplayBody>(http, bodies, ct);

    private static ReplayEdits EditsOf(ReplayBody body) => new(body.Method, body.Path, body.Query?.TrimStart('?'), body.Headers, body.Body switch
    {
        null or { ValueKind: JsonValueKind.Undefined or JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { } json => json.GetRawText(),
    });

    private static FieldError? FieldProblem(ReplayBody body, string method) =>
        method.Length is 0 or > 20 || !method.All(c => char.IsAsciiLetterUpper(c) || c == '-') || method is "CONNECT" or "TRACE"
            ? new("method", "must be an HTTP method, not CONNECT or TRACE")
        : ReplayRules.NameError("stage", body.Stage) is { } stage ? stage
        : body.Headers?.Count > MostHeaders ? new("headers", $"must be at most {MostHeaders}")
        : body.Headers?.FirstOrDefault(header => !OutgoingHeaders.IsValid(header.Key, header.Value)).Key is { } name
            ? new($"headers.{name}", "must be a header's name, and what it holds a text of printable ASCII")
        : null;

    /// <summary>A request as it was recorded that changes nothing may be sent by whoever sees it; all else by who may change what a project has.</summary>
    private static ApiProblem? Forbidden(HttpContext http, ReplayBody body, ReplayEdits edits, string method, Target target)
    {
        var isPlain = ReplayRequest.IsSafe(method) && edits == ReplayEdits.None && !target.IsProduction;
        if (!isPlain && !http.Caller()!.May.HasFlag(Permission.Write))
        {
            return new ApiProblem(StatusCodes.Status403Forbidden, "FORBIDDEN",
                "To send what may change something, what was edited, or anything to production, the role editor is needed.");
        }

        return body.Confirm == true || (ReplayRequest.IsSafe(method) && !target.IsProduction) ? null
            : new ApiProblem(StatusCodes.Status403Forbidden, "CONFIRMATION_NEEDED",
                target.IsProduction ? "This target is production: say \"confirm\": true." : $"{method} may change something: say \"confirm\": true.",
                [new("confirm", "must be true")]);
    }

    private async Task AuditAsync(HttpContext http, RecordedRequest one, string method, Target target, ReplayEdits edits, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var told = new { target = target.BaseUrl, target.Stage, method, one.Endpoint, is_edited = edits != ReplayEdits.None };
        await AuditLog.AddAsync(connection, http, new("replay.send", $"snapshot:{one.Id}", project.Id, After: told), ct);
        await transaction.CommitAsync(ct);
    }
}
