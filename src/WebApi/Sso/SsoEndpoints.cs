using System.Globalization;
using Bayou.Access;
using Bayou.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Bayou.Sso;

/// <summary>
/// Single sign-on by OpenID Connect: code flow with PKCE, by the framework's handler. What the provider says ends in a session of ours, as any other way in.
/// </summary>
internal static partial class SsoEndpoints
{
    private const string Scheme = "sso";
    private const string Self = "bayou.self";
    private const string CallbackPath = "/auth/sso/callback";

    private static readonly QuerySpec Spec = new([("to", "The path of this page to come back to; / unless told.")], []);

    public static IServiceCollection AddSso(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<SsoOptions>().BindConfiguration(SsoOptions.Section).Configure(options =>
        {
            options.Authority = configuration[SsoOptions.AuthorityKey]?.Trim() ?? options.Authority;
            options.ClientId = configuration[SsoOptions.ClientIdKey]?.Trim() ?? options.ClientId;
            options.ClientSecret = configuration[SsoOptions.ClientSecretKey]?.Trim() ?? options.ClientSecret;
        }).ValidateDataAnnotations().ValidateOnStart();
        if (IsOn(configuration))
        {
            // Else the framework would have this one scheme authenticate all requests, by itself.
            AppContext.SetSwitch("Microsoft.AspNetCore.Authentication.SuppressAutoDefaultScheme", true);
            services.AddSingleton<SsoSignIn>();
            services.AddAuthentication().AddOpenIdConnect(Scheme, _ => { });
            services.AddOptions<OpenIdConnectOptions>(Scheme).Configure<IOptions<SsoOptions>>((oidc, sso) => Configure(oidc, sso.Value));
        }

        return services;
    }

    /// <summary>Has the provider's answers taken, behind the gate.</summary>
    public static void UseSso(this WebApplication app)
    {
        if (IsOn(app.Configuration))
        {
            app.UseAuthentication();
        }
    }

    private static bool IsOn(IConfiguration configuration) =>
        (configuration[SsoOptions.AuthorityKey] ?? configuration[$"{SsoOptions.Section}:{nameof(SsoOptions.Authority)}"])?.Trim() is { Length: > 0 };

    public static void MapSso(this IEndpointRouteBuilder routes)
    {
        var sso = routes.MapGroup("/auth/sso").WithTags("Access").IsDoor();
        sso.MapGet("", Begin).Produces(StatusCodes.Status302Found)
            .Describe("BeginSso", "Leads to the provider of single sign-on, and from there back to a path of this page.", Spec);
        sso.MapGet("/callback", () => ApiProblem.NotFound("provider of single sign-on")).ExcludeFromDescription(); // Where there is one, its handler answers.
    }

    private static IResult Begin(HttpContext http, IOptions<SsoOptions> options)
    {
        var query = new QueryReader(http, Spec);
        return !options.Value.IsOn ? ApiProblem.NotFound("provider of single sign-on")
            : query.Problem is { } problem ? problem
            : TypedResults.Challenge(PropertiesOf(query.Text("to"), http.Caller()?.Person), [Scheme]);
    }

    /// <summary>What goes to the provider and back, encrypted: where to, and who goes there already signed in here.</summary>
    private static AuthenticationProperties PropertiesOf(string? to, int? self)
    {
        var properties = new AuthenticationProperties { RedirectUri = to is not null && RedirectHttpResult.IsLocalUrl(to) ? to : "/" };
        if (self is { } person)
        {
            properties.Items[Self] = person.ToString(CultureInfo.InvariantCulture);
        }

        return properties;
    }

    private static void Configure(OpenIdConnectOptions oidc, SsoOptions sso)
    {
        (oidc.Authority, oidc.ClientId, oidc.ClientSecret) = (sso.Authority, sso.ClientId, sso.ClientSecret);
        oidc.RequireHttpsMetadata = !new Uri(sso.Authority).IsLoopback;
        oidc.CallbackPath = CallbackPath;
        (oidc.RemoteSignOutPath, oidc.SignedOutCallbackPath) = (default, default); // Sessions are ours, and end here.
        oidc.ResponseType = OpenIdConnectResponseType.Code;
        oidc.ResponseMode = OpenIdConnectResponseMode.Query; // Whatever comes back by POST comes from another site, without cookies.
        oidc.UsePkce = true;
        oidc.MapInboundClaims = false;
        oidc.GetClaimsFromUserInfoEndpoint = true;
        oidc.Scope.Add("email");
        oidc.ClaimActions.Remove("iss"); // By default it is left out.
        foreach (var claim in (string[])["email", "email_verified", "name", .. sso.RoleClaim.Length > 0 ? [sso.RoleClaim] : Array.Empty<string>()])
        {
            oidc.ClaimActions.MapJsonKey(claim, claim);
        }

        (oidc.CorrelationCookie.SameSite, oidc.NonceCookie.SameSite) = (SameSiteMode.Lax, SameSiteMode.Lax);
        (oidc.CorrelationCookie.SecurePolicy, oidc.NonceCookie.SecurePolicy) = (CookieSecurePolicy.SameAsRequest, CookieSecurePolicy.SameAsRequest);
        oidc.Events = new()
        {
            OnTicketReceived = ReceivedAsync,
            OnRemoteFailure = failure =>
            {
                Failed(failure.HttpContext.RequestServices.GetRequiredService<ILogger<SsoSignIn>>(), failure.Failure);
                return RefuseAsync(failure, failure.Properties, "failed");
            },
        };
    }

    private static async Task ReceivedAsync(TicketReceivedContext received)
    {
        var (session, refusal) = await received.HttpContext.RequestServices.GetRequiredService<SsoSignIn>()
            .InAsync(received.HttpContext, received.Principal!, SelfOf(received.Properties), received.HttpContext.RequestAborted);
        if (session is null)
        {
            await RefuseAsync(received, received.Properties, refusal);
            return;
        }

        SessionCookie.Set(received.HttpContext, session.Cookie);
        received.Response.Redirect(received.ReturnUri is { } to && RedirectHttpResult.IsLocalUrl(to) ? to : "/");
        received.HandleResponse();
    }

    private static int? SelfOf(AuthenticationProperties? properties) =>
        properties?.Items.TryGetValue(Self, out var text) == true && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var self)
            ? self : null;

    /// <summary>The page says why.</summary>
    private static Task RefuseAsync(HandleRequestContext<RemoteAuthenticationOptions> context, AuthenticationProperties? properties, string why)
    {
        context.Response.Redirect(SelfOf(properties) is null ? $"/login?refused={why}" : $"/dashboard/settings?tab=sessions&refused={why}");
        context.HandleResponse();
        return Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Signing in by the provider of single sign-on failed")]
    private static partial void Failed(ILogger logger, Exception? exception);
}
