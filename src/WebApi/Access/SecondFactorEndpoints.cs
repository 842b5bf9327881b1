using Bayou.Audit;
using Bayou.Database;
using Bayou.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Access;

/// <summary>One's own second factor.</summary>
/// <param name="IsOn">A code is asked for beside the password.</param>
internal sealed record OwnFactor(bool IsOn, int RecoveryCodes);

/// <summary>A second factor that is asked for from now on.</summary>
/// <param name="RecoveryCodes">Each stands for a code, once; told this once.</param>
internal sealed record ConfirmedFactor(IReadOnlyList<string> RecoveryCodes);

/// <summary>One's own second factor: made, confirmed by its first code, taken away by a code.</summary>
internal static class SecondFactorEndpoints
{
    public static void MapSecondFactor(this IEndpointRouteBuilder routes)
    {
        var factor = routes.MapGroup("/auth/second-factor").WithTags("Access").Needs(Permission.Person);
        factor.MapGet("", GetAsync).WithName("GetSecondFactor").WithSummary("Whether a code is asked for beside one's password.");
        factor.MapPost("", BeginAsync).WithName("BeginSecondFactor").WithSummary("Makes a secret for an authenticator app; a code of it confirms it.")
            .WithMetadata(new BodySpec(RequestBody.Types, "The present password.", typeof(BeginBody)));
        factor.MapPut("", ConfirmAsync).WithName("ConfirmSecondFactor").WithSummary("Has codes asked for from now on.")
            .WithMetadata(new BodySpec(RequestBody.Types, "A code of the app.", typeof(CodeBody)));
        factor.MapPost("/remove", RemoveAsync).WithName("RemoveSecondFactor").WithSummary("Has no codes asked for any more.")
            .WithMetadata(new BodySpec(RequestBody.Types, "A code of the app, or a recovery code.", typeof(CodeBody)));
    }

    private static async Task<ApiResult<OwnFactor>> GetAsync(HttpContext http, NpgsqlDataSource db, CancellationToken ct)
    {
        await using var command = db.CreateCommand("""
            SELECT EXISTS (SELECT FROM second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL),
                   (SELECT count(*) FROM recovery_codes WHERE user_id = $1)::int
            """);
        command.With(http.Caller()!.Id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new(new OwnFactor(reader.GetBoolean(0), reader.GetInt32(1)));
    }

    private static async Task<Results<ApiResult<NewFactor>, ApiProblem>> BeginAsync(
        HttpContext http, RequestBody bodies, NpgsqlDataSource db, SignInLimits limits, Passwords passwords, SecondFactors factors, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<BeginBody>(http, bodies, ct);
        if (body is null)
        {
            return problem!;
        }

        var caller = http.Caller()!;
        if (await limits.TakeAsync(http, caller.Actor, ct) is { } wait)
        {
            return SignInProblems.TooMany(wait);
        }

        var (email, hash) = await PersonAsync(db, caller.Id, ct);
        if (!(await passwords.VerifyAsync(hash, body.Current ?? "", ct)).IsRight)
        {
            return ApiProblem.Validation("current is not the present password.", new FieldError("current", "is not the present password"));
        }

        await limits.ForgetAsync(http, caller.Actor, ct);
        return await factors.BeginAsync(caller.Id, email, ct) is { } made ? new ApiResult<NewFactor>(made)
            : new ApiProblem(StatusCodes.Status409Conflict, "CONFLICT", "You have a second factor already; take it away first.");
    }

    private static async Task<Results<ApiResult<ConfirmedFactor>, ApiProblem>> ConfirmAsync(
        HttpContext http, RequestBody bodies, NpgsqlDataSource db, SignInLimits limits, SecondFactors factors, CancellationToken ct)
    {
        string[]? codes = null;
        var problem = await ByCodeAsync(http, bodies, db, limits, "second_factor.add", async (connection, code) =>
            (codes = await factors.ConfirmAsync(connection, http.Caller()!.Id, code, ct)) is not null, ct);
        return problem is null ? new ApiResult<ConfirmedFactor>(new(codes!)) : problem;
    }

    private static async Task<Results<NoContent, ApiProblem>> RemoveAsync(
        HttpContext http, RequestBody bodies, NpgsqlDataSource db, SignInLimits limits, SecondFactors factors, CancellationToken ct)
    {
        var id = http.Caller()!.Id;
        var problem = await ByCodeAsync(http, bodies, db, limits, "second_factor.remove", async (connection, code) =>
            await factors.ShowAsync(connection, id, code, ct) && await SecondFactors.RemoveAsync(connection, id, ct), ct);
        return problem is null ? TypedResults.NoContent() : problem;
    }

    /// <summary>Does something for which a code is shown, in one transaction with its row in the audit log.</summary>
    /// <param name="change">False where the code is not right.</param>
    private static async Task<ApiProblem?> ByCodeAsync(
        HttpContext http, RequestBody bodies, NpgsqlDataSource db, SignInLimits limits, string action, Func<NpgsqlConnection, string, Task<bool>> change,
        CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync<CodeBody>(http, bodies, ct);
        if (body is null)
        {
            return problem!;
        }

        var caller = http.Caller()!;
        if (await limits.TakeCodeAsync(caller.Id, ct) is { } wait)
        {
            return SignInProblems.TooMany(wait);
        }

        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (!await change(connection, body.Code ?? ""))
        {
            return ApiProblem.Validation("code is not right, or was used already.", new FieldError("code", "is not right, or was used already"));
        }

        await AuditLog.AddAsync(connection, http, new(action, caller.Actor, null), ct);
        await transaction.CommitAsync(ct);
        await limits.ForgetCodesAsync(caller.Id, ct);
        return null;
    }

    private static async Task<(string Email, string? Hash)> PersonAsync(NpgsqlDataSource db, int id, CancellationToken ct)
    {
        await using var command = db.CreateCommand("SELECT coalesce(email, name), password_hash FROM users WHERE id = $1");
        command.With(id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetString(0), await reader.TextOrNullAsync(1, ct));
    }

    private sealed record BeginBody(string? Current) : IBody;

    private sealed record CodeBody(string? Code) : IBody;
}
