using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Bayou.Sso;

/// <summary>A provider of OpenID Connect, run here: whoever comes is at once whom <see cref="Who"/> says.</summary>
public sealed class Provider : IAsyncLifetime
{
    public const string ClientId = "bayou";
    public const string ClientSecret = "a secret of the client";

    private WebApplication _app = null!;

    public string Authority => _app.Urls.Single() + "/";

    /// <summary>The claims of who signs in next, several of one name where there are several.</summary>
    public List<(string Name, string Value)> Who { get; } = [];

    /// <summary>How often a code was exchanged with the verifier that its challenge was made of.</summary>
    public int Exchanges { get; private set; }

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddOpenIddict().AddServer(server =>
        {
            server.EnableDegradedMode();
            server.SetAuthorizationEndpointUris("authorize").SetTokenEndpointUris("token").SetUserInfoEndpointUris("userinfo");
            server.AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange();
            server.RegisterScopes(Scopes.Email, Scopes.Profile);
            server.AddEphemeralEncryptionKey().AddEphemeralSigningKey();
            server.UseAspNetCore().DisableTransportSecurityRequirement();
            server.AddEventHandler<OpenIddictServerEvents.ValidateAuthorizationRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                if (context.ClientId != ClientId || context.RedirectUri?.EndsWith("/auth/sso/callback", StringComparison.Ordinal) != true)
                {
                    context.Reject(Errors.InvalidClient);
                }

                return default;
            }));
            server.AddEventHandler<OpenIddictServerEvents.ValidateTokenRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                if (context.ClientId != ClientId || context.ClientSecret != ClientSecret)
                {
                    context.Reject(Errors.InvalidClient);
                }

                return default;
            }));
            server.AddEventHandler<OpenIddictServerEvents.HandleAuthorizationRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                var identity = new ClaimsIdentity("provider", Claims.Name, Claims.Role);
                foreach (var (name, value) in Who)
                {
                    var claim = new Claim(name, value, name == Claims.EmailVerified ? ClaimValueTypes.Boolean : ClaimValueTypes.String);
                    identity.AddClaim(claim.SetDestinations(Destinations.IdentityToken));
                }

                context.Principal = new ClaimsPrincipal(identity).SetScopes(context.Request.GetScopes());
                return default;
            }));
            server.AddEventHandler<OpenIddictServerEvents.HandleTokenRequestContext>(handler => handler.UseInlineHandler(_ =>
            {
                Exchanges++;
                return default;
            }));
        });
        _app = builder.Build();
        _app.UseRouting();
        _app.UseAuthentication();
        await _app.StartAsync(BayouServer.Ct);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
