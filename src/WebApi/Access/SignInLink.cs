namespace Bayou.Access;

/// <summary>The address of a one-time link. What it holds is behind the #, which browsers keep to themselves: no log on the way has it.</summary>
internal static class SignInLink
{
    public static string Of(HttpContext http, string token) => Of($"{http.Request.Scheme}://{http.Request.Host}", token);

    public static string Of(string server, string token) => $"{server}/login/link#{token}";
}
