using Bayou.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Bayou.Access;

/// <summary>
/// Hashes and checks passwords by the framework's PBKDF2 with HMAC-SHA-512, as often as OWASP's Password Storage Cheat Sheet has it. A hash that was made with
/// less is made anew when its password is next shown.
/// </summary>
internal sealed class Passwords : IDisposable
{
    private const int Iterations = 210_000;
    private const int Shortest = 12;
    private const int LongestPassword = 256; // characters
    private const int MostWaiting = 50; // some five seconds' work

    /// <summary>Those of twelve characters or more that are tried first.</summary>
    private static readonly HashSet<string> Commonest = new(StringComparer.OrdinalIgnoreCase)
    {
        "passwordpassword", "password1234", "password12345", "password123456", "password123!", "123456789012", "1234567890123", "12345678901234",
        "1234567890qwerty", "qwertyuiop123", "qwertyuiop12", "qwerty123456", "qwerty1234567", "1q2w3e4r5t6y", "1qaz2wsx3edc", "1qaz2wsx3edc4rfv",
        "zaq12wsxcde3", "adminadminadmin", "administrator", "administrator1", "changemechangeme", "changeme1234", "welcome12345", "letmeinletmein",
        "letmein12345", "iloveyou1234", "abcdefghijkl", "abc123abc123", "abcd1234abcd", "correcthorsebatterystaple", "bayoubayoubayou", "summer2026!!",
        "winter2026!!", "trustno1trustno1", "aaaaaaaaaaaa", "000000000000", "111111111111",
    };

    private readonly PasswordHasher<string> _hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));
    private readonly SemaphoreSlim _one = new(Math.Max(1, Environment.ProcessorCount / 2)); // A hash takes a core a tenth of a second.
    private readonly Lazy<string> _nobodys;
    private long _hashed;
    private int _waiting;

    public Passwords() => _nobodys = new(() => _hasher.HashPassword("", Secret.NewToken()));

    /// <summary>How many hashes were made or compared, so that tests can tell that an unknown account costs as much as a known one.</summary>
    public long Hashed => Interlocked.Read(ref _hashed);

    /// <summary>What is wrong with a password that somebody chooses; null when nothing is.</summary>
    public static FieldError? Check(string? password, string? email) => password switch
    {
        not { Length: >= Shortest } => new("password", $"must have {Shortest} characters or more"),
        { Length: > LongestPassword } => new("password", $"must have {LongestPassword} characters or less"),
        _ when Commonest.Contains(password) || (email is { Length: > 0 } && password.Contains(email, StringComparison.OrdinalIgnoreCase)) =>
            new("password", "is among the first that anybody would try"),
        _ => null,
    };

    public Task<string> HashAsync(string password, CancellationToken ct) => OneAsync(() => _hasher.HashPassword("", password), ct);

    /// <param name="hash">Null for an account that there is not, which takes as long.</param>
    /// <returns>Whether it is the password, and whether its hash is to be made anew.</returns>
    public async Task<(bool IsRight, bool IsWeak)> VerifyAsync(string? hash, string password, CancellationToken ct)
    {
        var result = await OneAsync(() =>
            _hasher.VerifyHashedPassword("", hash ?? _nobodys.Value, password.Length <= LongestPassword ? password : ""), ct);
        return (hash is not null && result != PasswordVerificationResult.Failed, result == PasswordVerificationResult.SuccessRehashNeeded);
    }

    public void Dispose() => _one.Dispose();

    /// <exception cref="TimeoutException">More wait than can be served: the answer is 503.</exception>
    private async Task<T> OneAsync<T>(Func<T> work, CancellationToken ct)
    {
        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            throw new TimeoutException("Too many passwords wait to be hashed.");
        }

        try
        {
            await _one.WaitAsync(ct);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        try
        {
            Interlocked.Increment(ref _hashed);
            return await Task.Run(work, ct);
        }
        finally
        {
            _one.Release();
        }
    }
}
