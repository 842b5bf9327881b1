using Bayou.Projects;

namespace Bayou.Access;

internal static class AccessServices
{
    /// <summary>What finds out who calls, and lets people in.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddOptions<AccessOptions>().BindConfiguration(AccessOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        return services
            .AddSingleton<SigningKeys>()
            .AddSingleton<AccessJwt>()
            .AddSingleton<RefreshTokens>()
            .AddSingleton<SecondFactors>()
            .AddSingleton<RateLimits>()
            .AddSingleton<Func<string, IRateLeaseGrain>>(provider => of => provider.GetRequiredService<IGrainFactory>().GetGrain<IRateLeaseGrain>(of))
            .AddSingleton<AccessToken>()
            .AddSingleton<Passwords>()
            .AddSingleton<FirstOwner>()
            .AddSingleton<SignInLimits>()
            .AddSingleton<SignIn>()
            .AddSingleton<OneTimeLinks>()
            .AddSingleton<AccessBook>()
            .AddSingleton<Callers>()
            .AddSingleton<WhoAmI>()
            .AddScoped<CurrentProject>()
            .AddHostedService(provider => provider.GetRequiredService<AccessBook>());
    }
}
