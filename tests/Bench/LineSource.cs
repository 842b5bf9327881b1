using System.Globalization;
using System.Text;

namespace Bayou.Bench;

/// <summary>Log lines as a shop's services write them, over the last day; the same ones each time.</summary>
internal sealed class LineSource
{
    /// <summary>A word that <see cref="RareLines"/> lines have, where asked for.</summary>
    public const string RareWord = "zebraquartz";
    public const int RareLines = 20;

    private static readonly (string Source, string Level, int Weight, string Text)[] Statements =
    [
        ("api", "info", 300, "request finished GET /api/orders/{n} with status {s} in {d} ms"),
        ("api", "info", 200, "request finished POST /api/cart/items with status {s} in {d} ms for user {u}"),
        ("api", "debug", 160, "cache hit for key product:{n} after {d} ms"),
        ("api", "debug", 60, "cache miss for key product:{n}, loading from database"),
        ("api", "warn", 12, "slow query on orders took {d} ms: SELECT * FROM orders WHERE customer_id = {n}"),
        ("api", "error", 4, "unhandled exception while serving /api/checkout: System.TimeoutException: the operation has timed out after {d} ms"),
        ("auth", "info", 80, "user {u} signed in from {i}"),
        ("auth", "warn", 20, "login failed for user {u} from {i}: invalid password"),
        ("auth", "info", 30, "token {h} issued for user {u}, valid for {n} s"),
        ("auth", "error", 1, "token signature verification failed for {h}"),
        ("payments", "info", 60, "payment {h} of {n} EUR authorized by provider in {d} ms"),
        ("payments", "warn", 5, "card declined for order {n}: insufficient funds"),
        ("payments", "error", 3, "provider gateway answered 502 for payment {h}, attempt {a} of 5"),
        ("worker", "info", 90, "job {h} of type send-email finished in {d} ms"),
        ("worker", "debug", 70, "job {h} picked up by worker-{a} after {d} ms in queue"),
        ("worker", "warn", 6, "job {h} failed, retrying in {n} s (attempt {a})"),
        ("worker", "error", 2, "job {h} moved to dead letter queue after {a} attempts"),
        ("db", "info", 40, "checkpoint complete: wrote {n} buffers, sync={d} s, total={d} s"),
        ("db", "warn", 2, "connection pool is exhausted: {a} of {a} connections in use, {n} waiting"),
        ("db", "error", 1, "connection to postgres at {i}:5432 refused"),
        ("nginx", "info", 240, "{i} - - \"GET /static/app-{h}.js HTTP/1.1\" {s} {n}"),
        ("nginx", "warn", 8, "upstream response is buffered to a temporary file /var/cache/nginx/{n}"),
        ("nginx", "error", 1, "upstream timed out (110: Connection timed out) while reading response header from upstream, client: {i}"),
        ("scheduler", "info", 20, "scheduled task nightly-report runs next at {n}"),
        ("scheduler", "fatal", 1, "out of memory: killed process {n} (dotnet), anon-rss:{n}kB"),
    ];

    private static readonly string[] Users =
        ["ann", "bob", "cleo", "dan", "eve", "finn", "gita", "hugo", "ines", "jon", "kim", "lea", "max", "nora", "omar", "pia"];

    private readonly Random _random = new(5);
    private readonly (string Source, string Level, string Text)[] _weighted =
        [.. Statements.SelectMany(s => Enumerable.Repeat((s.Source, s.Level, s.Text), s.Weight))];

    /// <summary>As NDJSON, so many a body; ends now.</summary>
    public IEnumerable<byte[]> Bodies(int lines, int perBody, TimeSpan span, bool withRare = false)
    {
        var (start, step) = (DateTimeOffset.UtcNow - span, span / Math.Max(lines, 1));
        var rare = withRare ? lines / RareLines : 0;
        var body = new StringBuilder();
        for (var at = 0; at < lines; at++)
        {
            Write(body, start + (at * step), rare > 0 && at % rare == rare / 2);
            if ((at + 1) % perBody == 0 || at + 1 == lines)
            {
                yield return Encoding.UTF8.GetBytes(body.ToString());
                body.Clear();
            }
        }
    }

    private void Write(StringBuilder body, DateTimeOffset time, bool isRare)
    {
        var (source, level, text) = _weighted[_random.Next(_weighted.Length)];
        body.Append(CultureInfo.InvariantCulture, $"{{\"source\":\"{source}\",\"service\":\"shop\",\"level\":\"{level}\",");
        body.Append(CultureInfo.InvariantCulture, $"\"time\":\"{time.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffffff}Z\",\"message\":\"");
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '{')
            {
                Value(body, text[at + 1]);
                at += 2;
            }
            else
            {
                body.Append(text[at] == '"' ? "\\\"" : text[at]);
            }
        }

        body.Append(isRare ? $" {RareWord}\"" : "\"");
        if (_random.Next(10) < 4)
        {
            body.Append(CultureInfo.InvariantCulture, $",\"trace_id\":\"{_random.NextInt64():x16}{_random.NextInt64():x16}\"");
        }

        if (_random.Next(10) < 3)
        {
            body.Append(CultureInfo.InvariantCulture,
                $",\"meta\":{{\"region\":\"eu-{_random.Next(3)}\",\"tenant\":\"t{_random.Next(200)}\",\"bytes\":{_random.Next(100_000)}}}");
        }

        body.Append("}\n");
    }

    private void Value(StringBuilder body, char kind) => _ = kind switch
    {
        'n' => body.Append(_random.Next(1_000_000)),
        'd' => body.Append(_random.Next(5_000)).Append('.').Append(_random.Next(10)),
        's' => body.Append(_random.Next(50) == 0 ? 500 : 200),
        'a' => body.Append(_random.Next(1, 6)),
        'u' => body.Append(Users[_random.Next(Users.Length)]),
        'i' => body.Append(CultureInfo.InvariantCulture, $"10.{_random.Next(256)}.{_random.Next(256)}.{_random.Next(256)}"),
        _ => body.Append(CultureInfo.InvariantCulture, $"{_random.NextInt64():x16}"),
    };
}
