using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Bayou.Monitor.Capture;

/// <summary>
/// Takes secrets out of what was captured, by names and by looks, and leaves a mark with the length of each; all else stays as it is, byte for byte. What is
/// cut off in the middle of a secret is taken out too.
/// </summary>
/// <param name="names">Of further fields and headers.</param>
/// <param name="paths">Of fields in JSON, as <c>customer.email</c>; arrays are passed through.</param>
/// <param name="rule">What else: given a name (empty for none) and a value, returns what is left of it, or null for all of it.</param>
internal sealed partial class Redactor(IEnumerable<string> names, IEnumerable<string> paths, Func<string, string, string?>? rule)
{
    private const int MaxDepth = 1_000;
    private const int ShortestInProse = 4; // characters
    private const int MostNested = 4; // JSON within a string of JSON within …

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Who a person is can be told by an address.
    private static readonly HashSet<string> Addresses = new(StringComparer.OrdinalIgnoreCase)
    {
        "forwarded", "x-forwarded-for", "x-original-forwarded-for", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip",
        "cf-connecting-ipv6", "cf-pseudo-ipv4", "fly-client-ip", "fastly-client-ip", "cloudfront-viewer-address", "x-appengine-user-ip", "x-azure-clientip",
        "x-envoy-external-address", "x-vercel-forwarded-for", "x-vercel-proxied-for",
    };

    private readonly HashSet<string> _names = new(names.Select(name => SecretNames.Joined(name)), StringComparer.Ordinal);
    private readonly HashSet<string> _paths = new(paths.Select(PathOf), StringComparer.OrdinalIgnoreCase);

    /// <summary>One that knows what every service has.</summary>
    public static Redactor Default { get; } = new([], [], null);

    /// <summary>One that takes out, too, what was taken out of some bodies: their application may have rules of its own.</summary>
    public static Redactor Like(params IEnumerable<string> bodies)
    {
        var names = bodies.SelectMany(body => MarkedFields().Matches(body)).Select(field => field.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        return names.Count == 0 ? Default : new(names, [], null);
    }

    /// <summary>What stands where a secret was.</summary>
    public static string Mark(int length) => string.Create(CultureInfo.InvariantCulture, $"[redacted {length}]");

    /// <summary>Whether something was taken out of a text.</summary>
    public static bool IsMarked(string text) => Marks().IsMatch(text);

    /// <summary>A path with a variable in the place of each mark.</summary>
    public static string AsTemplate(string path) => Marks().Replace(path, "{redacted}");

    public string Header(string name, string value) => value.Length == 0 || IsMark(value) ? value
        : IsSecret(name) || Addresses.Contains(name) ? Mark(value.Length) : Value(name, value, 0);

    /// <summary>Of a URL; its template, where there is one, tells by its names what the parts are.</summary>
    public string Path(string path, string? route)
    {
        var parts = path.Split('/');
        var template = route?.Trim('/').Split('/') ?? [];

        // Before it may be a base path; the last variable may be many parts.
        var first = template is [.., ['{', '*', ..]] ? 1 : parts.Length - template.Length - (path.Length > 1 && path.EndsWith('/') ? 1 : 0);
        for (var at = 0; at < parts.Length; at++)
        {
            if (parts[at].Length == 0 || IsMark(parts[at]))
            {
                continue;
            }

            var isNamed = at >= first && at - first < template.Length && VariableOf(template[at - first]) is { } name && IsSecret(name);
            var plain = Decoded(parts[at]);
            parts[at] = isNamed || (at > 0 && IsSecret(parts[at - 1]) && LooksRandom(plain)) ? Mark(plain.Length) : Reencoded(parts[at], plain, Text(plain));
        }

        return string.Join('/', parts);
    }

    /// <summary>Of a URL, without its question mark; or a form's fields, which are written alike.</summary>
    public string Query(string query)
    {
        var fields = query.Split('&');
        for (var at = 0; at < fields.Length; at++)
        {
            var equals = fields[at].IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                var alone = Decoded(fields[at]);
                fields[at] = Reencoded(fields[at], alone, Text(alone));
                continue;
            }

            var (name, value) = (Decoded(fields[at][..equals]), Decoded(fields[at][(equals + 1)..]));
            if (value.Length > 0 && !IsMark(value))
            {
                var inner = name[(name.LastIndexOf('[') + 1)..].TrimEnd(']'); // user[password]
                var isSecret = IsSecret(name) || IsSecret(inner) || (name is "code" or "state" && LooksRandom(value)); // As OAuth (RFC 6749) has them.
                fields[at] = fields[at][..(equals + 1)]
                    + (isSecret ? Mark(value.Length) : Reencoded(fields[at][(equals + 1)..], value, Value(name, value, 0)));
            }
        }

        return string.Join('&', fields);
    }

    /// <summary>Of a message, which may say what type it has.</summary>
    public string Body(string body, string? type) =>
        body.Length == 0 ? body
        : type?.Contains("form-urlencoded", StringComparison.OrdinalIgnoreCase) == true ? Query(body)
        : type?.Contains("multipart/", StringComparison.OrdinalIgnoreCase) == true ? Text(Parts(body))
        : Json(body, 0) ?? Text(body);

    /// <summary>Of a body that was cut: without the beginning of a secret that its end may be.</summary>
    public static string WithoutEnd(string cut) => Ends().Replace(cut, match => Mark(match.Length));

    /// <summary>Of no known form: secrets by looks, and those that a name stands before.</summary>
    public string Text(string text)
    {
        text = SecretLooks.Without(text);
        if (text.AsSpan().IndexOfAny('=', ':', '>') < 0)
        {
            return text;
        }

        text = Cookies().Replace(text, match => match.Groups["name"].Value + MarkOf(match.Groups["value"].Value));
        text = WithoutAssigned(text, (name, _) => IsSecret(name), shortest: 1);
        return Elements().Replace(text, match => IsSecret(match.Groups["name"].Value)
            ? match.Groups["before"].Value + MarkOf(match.Groups["value"].Value) : match.Value);
    }

    /// <summary>Of a log line: secrets by looks, and what stands behind the name of one. A name in prose is no field, so fewer are taken for one.</summary>
    public static string Line(string line)
    {
        line = SecretLooks.Without(line);
        return line.AsSpan().IndexOfAny('=', ':') < 0 ? line : WithoutAssigned(
            Cookies().Replace(line, match => match.Groups["name"].Value + MarkOf(match.Groups["value"].Value)),
            (name, isAssigned) => isAssigned ? SecretNames.IsSecretAssigned(name) : SecretNames.IsSecretInProse(name), ShortestInProse);
    }

    /// <summary>
    /// Takes out what stands behind the names of secrets. Behind another name may stand such a name: <c>Exception: password=…</c>. Whether a name is one is
    /// asked with it and whether it is written as in a query, an equals sign directly behind it.
    /// </summary>
    private static string WithoutAssigned(string text, Func<string, bool, bool> isSecret, int shortest)
    {
        StringBuilder? left = null;
        var copied = 0;
        for (var name = Names().Match(text); name.Success; name = name.NextMatch())
        {
            var isAssigned = name.ValueSpan[^1] == '=' && name.Length == name.Groups["name"].Length + 1;
            if (name.Index < copied || !isSecret(name.Groups["name"].Value, isAssigned))
            {
                continue;
            }

            var at = name.Index + name.Length;
            var value = Values().Match(text, at);
            if (value.Success && value.Length >= shortest && !IsMark(value.Groups["value"].Value.Trim('"', '\'', '\\')))
            {
                (left ??= new(text.Length)).Append(text, copied, at - copied).Append(Mark(value.Length));
                copied = at + value.Length;
            }
        }

        return left is null ? text : left.Append(text, copied, text.Length - copied).ToString();
    }

    private static string MarkOf(string value) => IsMark(value) ? value : Mark(value.Length);

    private bool IsSecret(string name) => SecretNames.IsSecret(name) || (_names.Count > 0 && _names.Contains(SecretNames.Joined(name)));

    /// <summary>What is left of a value that is not secret by its name.</summary>
    private string Value(string name, string value, int nested)
    {
        var left = (nested < MostNested && value.AsSpan().TrimStart() is ['{' or '[', ..] ? Json(value, nested + 1) : null) ?? Text(value);
        return rule is null ? left : Ruled(name, left) ?? Mark(value.Length);
    }

    /// <returns>Null for nothing: of what the application's own rule fails on, nothing is kept.</returns>
    private string? Ruled(string name, string value)
    {
        try
        {
            return rule!(name, value);
        }
        catch (Exception)
        {
            return null;
        }
    }

    /// <summary>Of a form in parts (RFC 7578), each told by its head what it is named.</summary>
    private string Parts(string body)
    {
        const int LongestHead = 4_096;
        var end = body.IndexOfAny(['\r', '\n']);
        var boundary = end < 0 ? body : body[..end];
        if (boundary.Length < 3 || !boundary.StartsWith("--", StringComparison.Ordinal))
        {
            return body;
        }

        var parts = body.Split(boundary);
        for (var at = 0; at < parts.Length; at++)
        {
            var head = parts[at].AsSpan(0, Math.Min(parts[at].Length, LongestHead));
            var blank = head.IndexOf("\r\n\r\n") is >= 0 and var crlf ? crlf + 4 : head.IndexOf("\n\n") is >= 0 and var lf ? lf + 2 : -1;
            if (blank < 0 || !PartNames().Matches(parts[at][..blank]).Any(name => IsSecret(name.Groups["name"].Value)))
            {
                continue;
            }

            var value = parts[at].AsSpan(blank).TrimEnd("\r\n");
            if (!value.IsEmpty && !IsMark(value.ToString()))
            {
                parts[at] = $"{parts[at].AsSpan(0, blank)}{Mark(value.Length)}{parts[at].AsSpan(blank + value.Length)}";
            }
        }

        return string.Join(boundary, parts);
    }

    /// <summary>Of a route's part, as <c>{token:guid}</c>, <c>:token</c> or <c>&lt;uuid:token&gt;</c>; null where it is fixed.</summary>
    private static string? VariableOf(string part) => part switch
    {
        ['{', .. var name, '}'] => name.TrimStart('*').Split(':', '?', '=')[0],
        [':', .. var name] => name.TrimEnd('?', '*', '+'),
        ['<', .. var name, '>'] => name.Split(':')[^1],
        _ => null,
    };

    /// <returns>Null for what does not even begin as JSON.</returns>
    private string? Json(string text, int nested)
    {
        if (text.AsSpan().TrimStart() is not ['{' or '[', ..])
        {
            return null;
        }

        var utf8 = Encoding.UTF8.GetBytes(text);
        var json = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth, AllowMultipleValues = true });
        var output = new ArrayBufferWriter<byte>(utf8.Length + 64);
        var above = new List<string>(); // The names that lead here.
        var (written, name) = (0, "");
        var (isPending, pendingAt) = (false, 0); // A secret's name was read, and not yet what it holds.
        var isNamedSecret = false; // As in {"name": "DB_PASSWORD", "value": …}.
        try
        {
            while (json.Read())
            {
                switch (json.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        name = TextOf(ref json);
                        pendingAt = (int)json.BytesConsumed;
                        isPending = IsSecret(name) || (isNamedSecret && name.Equals("value", StringComparison.OrdinalIgnoreCase))
                            || (_paths.Count > 0 && _paths.Contains(string.Join('.', above.Append(name).Where(part => part.Length > 0))));
                        continue;
                    case JsonTokenType.StartObject or JsonTokenType.StartArray when isPending && !SecretNames.IsOfOne(name):
                        var start = (int)json.TokenStartIndex;
                        json.Skip();
                        Replace(start, (int)json.BytesConsumed, Mark((int)json.BytesConsumed - start));
                        break;
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        above.Add(name);
                        isNamedSecret = false;
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        above.RemoveAt(above.Count - 1);
                        isNamedSecret = false;
                        break;
                    case JsonTokenType.String:
                        var value = TextOf(ref json);
                        isNamedSecret |= name is "name" or "key" && IsSecret(value);
                        var left = isPending && value.Length > 0 && !IsMark(value) ? Mark(value.Length) : isPending ? value : Value(name, value, nested);
                        if (left != value)
                        {
                            Replace((int)json.TokenStartIndex, (int)json.BytesConsumed, left);
                        }

                        break;
                    case JsonTokenType.Number:
                        var number = Encoding.UTF8.GetString(json.ValueSpan);
                        if (isPending || SecretLooks.Without(number) != number || (rule is not null && Ruled(name, number) != number))
                        {
                            Replace((int)json.TokenStartIndex, (int)json.BytesConsumed, Mark(number.Length));
                        }

                        break;
                    default:
                        break;
                }

                (isPending, name) = (false, json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray ? "" : name);
            }
        }
        catch (JsonException)
        {
            var at = Math.Max(written, isPending ? pendingAt : (int)json.BytesConsumed);
            if (at == 0)
            {
                return null;
            }

            // It is cut short, or not JSON from there on.
            var rest = Encoding.UTF8.GetString(utf8.AsSpan(at));
            output.Write(utf8.AsSpan(written, at - written));
            output.Write(Encoding.UTF8.GetBytes(isPending && rest.Length > 0 ? IsMarked(rest) ? rest : Mark(rest.Length) : Text(rest)));
            return Encoding.UTF8.GetString(output.WrittenSpan);
        }

        if (written == 0)
        {
            return text;
        }

        output.Write(utf8.AsSpan(written));
        return Encoding.UTF8.GetString(output.WrittenSpan);

        void Replace(int from, int to, string by)
        {
            output.Write(utf8.AsSpan(written, from - written));
            using (var writer = new Utf8JsonWriter(output, Relaxed))
            {
                writer.WriteStringValue(by);
            }

            written = to;
        }
    }

    private static string TextOf(ref Utf8JsonReader json)
    {
        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Encoding.UTF8.GetString(json.ValueSpan); // Half a surrogate pair.
        }
    }

    private static bool IsMark(string value) => WholeMark().IsMatch(value);

    private static bool LooksRandom(string text) => (text.Length >= 8 && text.Any(char.IsAsciiDigit)) || text.Length >= 20;

    private static string Decoded(string text) =>
        text.AsSpan().IndexOfAny('%', '+') < 0 ? text : Uri.UnescapeDataString(text.Replace('+', ' '));

    private static string Reencoded(string raw, string plain, string left) =>
        left == plain ? raw : Marks().Replace(Uri.EscapeDataString(left), mark => Uri.UnescapeDataString(mark.Value));

    private static string PathOf(string path) => string.Join('.', path.TrimStart('$').Replace("[*]", "", StringComparison.Ordinal)
        .Split('.', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    [GeneratedRegex(
        @"(?:[0-9][0-9 -]{5,}|\b(?:eyJ|AKIA|ASIA|AIza|ya29\.|gh[pousr]_|github_pat_|glpat-|npm_|xox[abprs]-|[sr]k_|whsec_|sk-|SG\.|bayou_)[\w.\-]*)\z")]
    private static partial Regex Ends();

    [GeneratedRegex(@"\[redacted [0-9]+\]|%5Bredacted%20[0-9]+%5D", RegexOptions.IgnoreCase)]
    private static partial Regex Marks();

    [GeneratedRegex(@"""(?<name>[^""\\]{1,200})""\s*:\s*""\[redacted [0-9]+\]""")]
    private static partial Regex MarkedFields();

    [GeneratedRegex(@"\A\[redacted [0-9]+\]\z")]
    private static partial Regex WholeMark();

    [GeneratedRegex(@"(?<name>\b(?:set-)?cookie[""']?[ \t]*[:=][ \t]*)(?<value>[^\r\n]+)", RegexOptions.IgnoreCase)]
    private static partial Regex Cookies();

    [GeneratedRegex(@"\\?[""']?(?<name>[A-Za-z][A-Za-z0-9_.\-]{1,60})\]?\\?[""']?[ \t]*(?:[=:]|%3D)[ \t]*")]
    private static partial Regex Names();

    [GeneratedRegex(
        @"\G(?:(?<value>\\""[^""\r\n]*""?|""(?:[^""\\\r\n]|\\.)*""?|'[^'\r\n]*'?|(?!\[redacted )[\[{][^\]}\r\n]*[\]}]?)"
        + @"|(?:(?:Bearer|Basic|Digest|Token|ApiKey|Negotiate|NTLM|Hawk)[ \t]+)?(?<value>(?:\[redacted [0-9]+\]|[^\s""'&,;<>\\])+))",
        RegexOptions.IgnoreCase)]
    private static partial Regex Values();

    [GeneratedRegex(@"(?<before><(?<name>[A-Za-z_][\w.:\-]{1,60})(?:\s[^<>]*)?>)(?<value><!\[CDATA\[[\s\S]*?(?:\]\]>|\z)|[^<]+)")]
    private static partial Regex Elements();

    [GeneratedRegex(@"(?<![a-z])name=""?(?<name>[^"";\r\n]+)", RegexOptions.IgnoreCase)]
    private static partial Regex PartNames();
}
