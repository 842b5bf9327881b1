using System.Text;
using Bayou.Hosting;
using Bayou.Http;

namespace Bayou;

/// <summary>
/// Where a browser gets the page's hashed files: here, or at another origin (<c>BAYOU_ASSETS_URL</c>), as a content network that keeps those of former versions
/// too. The page itself always comes from here.
/// </summary>
internal sealed class PageAssets
{
    public const string Key = "BAYOU_ASSETS_URL";
    public const string Path = "/assets";

    private readonly string _origin;

    /// <exception cref="CannotStartException">The setting is no origin.</exception>
    public PageAssets(IConfiguration configuration)
    {
        _origin = (configuration[Key] ?? "").TrimEnd('/');
        if (_origin.Length > 0 && !IsOrigin(_origin))
        {
            throw new CannotStartException($"{Key} must be an origin, as in https://assets.example.com; it is {_origin}.");
        }
    }

    /// <summary>Scheme, host and port, and nothing that a browser would take for more in a policy; without TLS on this machine alone.</summary>
    private static bool IsOrigin(string text) => Ascii.IsValid(text) && Uri.TryCreate(text, UriKind.Absolute, out var url)
        && url.GetLeftPart(UriPartial.Authority) == text && url.UserInfo.Length == 0
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback));

    public bool AreElsewhere => _origin.Length > 0;

    /// <summary>The page, with the addresses of its files.</summary>
    public string In(string page) => page.Replace($"\"{Path}/", $"\"{_origin}{Path}/", StringComparison.Ordinal);

    /// <summary>What a browser may load where the page's files are elsewhere.</summary>
    public string ContentPolicy { get => field ??= RequestPipeline.ContentPolicyWith(_origin); }
}
