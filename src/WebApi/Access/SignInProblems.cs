using System.Globalization;
using Bayou.Http;

namespace Bayou.Access;

/// <summary>Why somebody is not let in.</summary>
internal static class SignInProblems
{
    /// <summary>What is said to a caller who lost, while the call waited its turn, what the gate had let them through for.</summary>
    public static ApiProblem NoLonger { get; } = new(StatusCodes.Status401Unauthorized, "UNAUTHENTICATED", "You may not do this any more.");

    /// <summary>What is to be said of a code; null where it is not the code.</summary>
    public static ApiProblem? Of(SignInOutcome outcome) => outcome.State switch
    {
        SignInState.NeedsCode => new(StatusCodes.Status401Unauthorized, "SECOND_FACTOR", "This needs a code of your authenticator app, or a recovery code.",
            [new("code", "is missing")]),
        SignInState.WrongCode => new(StatusCodes.Status401Unauthorized, "SECOND_FACTOR", "The code is not right, or was used already.",
            [new("code", "is not right, or was used already")]),
        SignInState.TooMany => TooMany(outcome.Wait),
        _ => null,
    };

    public static ApiProblem TooMany(TimeSpan wait) =>
        new(StatusCodes.Status429TooManyRequests, "TOO_MANY_ATTEMPTS",
            string.Create(CultureInfo.InvariantCulture, $"Too many attempts to sign in. Try again in {Math.Ceiling(wait.TotalMinutes)} min."),
            RetryAfter: wait);
}
