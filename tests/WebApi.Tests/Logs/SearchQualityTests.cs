namespace Bayou.Logs;

/// <summary>
/// That a search finds what operators look for, so that a change which breaks it is seen at once. How well it does is measured by
/// <c>./bayou bench --search</c>, on other lines and questions.
/// </summary>
public sealed class SearchQualityTests(SearchQualityTests.Corpus corpus, ITestOutputHelper output) : IClassFixture<SearchQualityTests.Corpus>
{
    [Fact]
    public async Task Most_questions_have_a_right_answer_among_the_first_three()
    {
        var right = 0;
        foreach (var (query, wanted) in Queries)
        {
            var rows = (await corpus.Server.DataAsync($"/logs?search={query}&sort=relevance")).AsArray();
            var found = rows.Select(row => (string)row!["service"]!).Distinct().Take(3).ToList();
            var isRight = found.Intersect(wanted).Any();
            right += isRight ? 1 : 0;
            output.WriteLine($"{(isRight ? "right" : "WRONG")} {query}: {string.Join(' ', found)}");
        }

        output.WriteLine($"{right} of {Queries.Length}");
        Assert.True(right >= 0.8 * Queries.Length, $"{right} of {Queries.Length}");
    }

    [Theory]
    [InlineData("zzz")]
    [InlineData("flibbertigibbet")]
    [InlineData("xyzzy plugh")]
    [InlineData("the of is")]
    public async Task Nonsense_finds_nothing(string query)
    {
        foreach (var sort in (string[])["time", "relevance"])
        {
            Assert.Empty((await corpus.Server.DataAsync($"/logs?search={query}&sort={sort}")).AsArray());
        }
    }

    [Fact]
    public async Task A_result_says_why_it_is_there_and_what_is_only_remotely_alike_comes_last()
    {
        var rows = (await corpus.Server.DataAsync($"/logs?search={"certificate expired"}&sort=relevance")).AsArray();
        Assert.Equal("cert-expired", (string)rows[0]!["service"]!);
        Assert.Equal(["certificat", "expir"], rows[0]!["match"]!["words"]!.AsArray().Select(word => (string)word!));
        Assert.False((bool)rows[0]!["match"]!["is_remote"]!);
        var remote = rows.DistinctBy(row => (int)row!["pattern_id"]!).Select(row => (bool)row!["match"]!["is_remote"]!).ToList();
        Assert.Equal(remote.Order(), remote);
        Assert.Contains(true, remote);

        var meant = (await corpus.Server.DataAsync($"/logs?search={"somebody wants his money back"}&mode=semantic&sort=relevance")).AsArray()[0]!["match"]!;
        Assert.Empty(meant["words"]!.AsArray());
        Assert.InRange((double)meant["meaning"]!, 0.2, 1);
    }

    /// <summary>By the names of statements below.</summary>
    private static readonly (string Query, string[] Wanted)[] Queries =
    [
        // Said otherwise than the lines say it.
        ("cannot reach database", ["db-refused", "db-pool", "db-gone"]),
        ("database is down", ["db-refused", "db-gone"]),
        ("out of database connections", ["db-pool"]),
        ("two transactions waiting for each other", ["db-deadlock"]),
        ("slow sql", ["db-slow"]),
        ("wrong credentials", ["login-failed", "ssh-failed"]),
        ("someone tries to break in", ["ssh-failed", "login-failed"]),
        ("not allowed to see", ["forbidden"]),
        ("user cannot sign in", ["login-failed", "account-locked"]),
        ("login blocked after too many attempts", ["account-locked"]),
        ("tls certificate problem", ["cert-expired"]),
        ("storage is full", ["disk-full"]),
        ("no space left", ["disk-full"]),
        ("unable to save a file", ["disk-full", "file-missing"]),
        ("uploading to s3 went wrong", ["upload-failed"]),
        ("backup done", ["backup-done"]),
        ("process ran out of ram", ["oom", "heap"]),
        ("killed by the kernel", ["oom"]),
        ("garbage collection takes long", ["gc-pause"]),
        ("cpu is overloaded", ["cpu-load"]),
        ("request takes too long", ["slow-request", "upstream-timeout"]),
        ("gateway did not answer in time", ["upstream-timeout", "provider-down"]),
        ("http call failed with server error", ["provider-down", "unhandled"]),
        ("too many calls from a client", ["rate-limit"]),
        ("payment declined", ["card-declined"]),
        ("customer could not pay", ["card-declined", "provider-down"]),
        ("money returned to customer", ["refund"]),
        ("purchase completed", ["order-placed"]),
        ("background job did not work", ["job-failed", "job-dead"]),
        ("message given up after retries", ["job-dead"]),
        ("queue is growing", ["backlog"]),
        ("kafka consumer behind", ["lag"]),
        ("cron task executed", ["cron"]),
        ("service is shutting down", ["stopping"]),
        ("application booted", ["started"]),
        ("new release rolled out", ["deployed"]),
        ("container died and came back", ["pod-restart"]),
        ("machine left the cluster", ["node-lost"]),
        ("new leader chosen", ["leader"]),
        ("wrong setting in environment", ["config"]),
        ("json could not be parsed", ["parse"]),
        ("field fails validation", ["validation"]),
        ("entry evicted from redis", ["evicted"]),
        ("stale data in cache", ["stale"]),
        ("somebody else changed the row meanwhile", ["conflict"]),
        ("everything is fine", ["healthy"]),
        ("new customer registered", ["signup"]),
        ("email could not be delivered", ["mail"]),
        ("hostname lookup error", ["dns"]),
        ("peer closed the connection", ["reset"]),
        // The lines' own words.
        ("deadlock detected", ["db-deadlock"]),
        ("\"No space left on device\"", ["disk-full"]),
        ("checkpoint complete", ["checkpoint"]),
        ("feature flag", ["flag"]),
        ("upstream timed out", ["upstream-timeout"]),
        ("NullReferenceException", ["unhandled"]),
        ("rate limit exceeded", ["rate-limit"]),
        ("image resized", ["thumbnail"]),
        ("leader election", ["leader"]),
        ("certificate expired", ["cert-expired"]),
        ("report exported", ["report"]),
        ("level:fatal killed", ["oom"]),
        ("source:system reindex", ["reindex"]),
        // One value.
        ("ord-77421", ["order-placed"]),
        ("10.9.8.7", ["ssh-failed"]),
        ("pricing.yaml", ["config"]),
        ("tenant-acme", ["lag"]),
        ("walrus", ["thumbnail"]),
        ("0xdeadbeef", ["unhandled"]),
        ("grace.hopper", ["account-locked"]),
    ];

    /// <summary>Statements of a system, five lines of each; a line's service, in which no search looks, is its statement's name.</summary>
    public sealed class Corpus : IAsyncLifetime
    {
        public const int LinesOfEach = 5;

        private static readonly (string Name, string Level, string Text)[] Statements =
        [
            ("db-refused", "error", "connection to postgres at 10.0.3.# refused"),
            ("db-gone", "error", "terminating connection: the database server closed it unexpectedly, backend #"),
            ("db-pool", "error", "timeout waiting for a free connection from the pool, # of # in use (npgsql)"),
            ("db-deadlock", "error", "deadlock detected: process # waits for ShareLock on transaction #"),
            ("db-slow", "warn", "slow query took # ms: SELECT * FROM orders WHERE customer_id = #"),
            ("login-failed", "warn", "login failed for user u#: invalid password"),
            ("account-locked", "warn", "account of grace.hopper locked after # failed logins"),
            ("ssh-failed", "warn", "sshd: Failed password for root from 10.9.8.7 port # ssh2"),
            ("forbidden", "warn", "permission denied: u# may not read report #"),
            ("cert-expired", "error", "tls handshake with payments failed: certificate expired # days ago"),
            ("disk-full", "error", "write to /var/lib/data/segment-# failed: No space left on device"),
            ("file-missing", "error", "cannot open file /srv/uploads/#.pdf: no such file or directory"),
            ("upload-failed", "error", "upload of object # to bucket media failed with AccessDenied"),
            ("backup-done", "info", "nightly backup of volume data finished, # GB in # s"),
            ("oom", "fatal", "Out of memory: Killed process # (dotnet) total-vm:#kB"),
            ("heap", "error", "java.lang.OutOfMemoryError: heap space, # MB allocated"),
            ("gc-pause", "warn", "gc pause of # ms in generation 2"),
            ("cpu-load", "warn", "load average is # on # cores, throttling"),
            ("slow-request", "warn", "GET /api/search took # ms, more than the limit of 500 ms"),
            ("upstream-timeout", "error", "upstream timed out (110) while reading response header from upstream, request #"),
            ("provider-down", "error", "payment provider answered 503 to request #, attempt # of 5"),
            ("unhandled", "error", "unhandled exception in /api/cart: NullReferenceException at 0xdeadbeef, request #"),
            ("rate-limit", "warn", "rate limit exceeded: client # made # requests this minute"),
            ("card-declined", "warn", "card declined for order #: insufficient funds"),
            ("refund", "info", "refund of # EUR for order # issued"),
            ("order-placed", "info", "order ord-77421 placed, # items, # EUR"),
            ("job-failed", "warn", "job # failed, retry # in 30 s"),
            ("job-dead", "error", "job # moved to dead letter queue after # attempts"),
            ("backlog", "warn", "backlog of queue emails is # messages, oldest # s"),
            ("lag", "warn", "consumer group billing of tenant-acme lags # offsets on topic invoices"),
            ("cron", "info", "scheduled task cleanup ran in # ms"),
            ("stopping", "info", "received SIGTERM, stopping: # requests in flight"),
            ("started", "info", "listening on port #, started in # ms"),
            ("deployed", "info", "version 4.#.# deployed by pipeline #"),
            ("pod-restart", "warn", "container api-# exited with code # and was restarted by kubernetes"),
            ("node-lost", "error", "node # missed # heartbeats and was removed from the cluster"),
            ("leader", "info", "leader election won by node # in term #"),
            ("config", "error", "invalid value for option retries in pricing.yaml line #: expected a number"),
            ("parse", "error", "unexpected character at position # while parsing JSON body"),
            ("validation", "info", "request # rejected: field quantity must be at least 1"),
            ("evicted", "debug", "cache evicted # entries to stay below # MB"),
            ("stale", "warn", "cache entry product:# is # s old, serving it stale"),
            ("conflict", "warn", "optimistic concurrency conflict on version # of order #"),
            ("healthy", "info", "health check passed in # ms, all components ok"),
            ("signup", "info", "account created for customer #, confirmation mail queued"),
            ("mail", "error", "smtp server rejected message # to customer: mailbox unavailable"),
            ("dns", "error", "could not resolve host search-#.internal: name or service not known"),
            ("reset", "warn", "connection reset by peer 10.1.0.# while sending response"),
            ("checkpoint", "info", "checkpoint complete: wrote # buffers, sync # s"),
            ("flag", "info", "feature flag new-cart switched to # percent"),
            ("thumbnail", "info", "image walrus-#.png resized to # x #"),
            ("report", "info", "report # exported as csv, # rows"),
            ("reindex", "info", "reindex of catalog # done"),
            ("noise-1", "debug", "entering method Handle with # arguments"),
            ("noise-2", "info", "request # finished with status 200 in # ms"),
            ("noise-3", "debug", "selected shard # of # by consistent hashing"),
            ("noise-4", "info", "metrics flushed: # series"),
            ("noise-5", "info", "template basket.html rendered in # ms"),
            ("noise-6", "debug", "span # of trace # closed"),
        ];

        private TestDatabase _database = null!;

        public BayouServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            _database = await TestDatabase.CreateAsync();
            Server = await BayouServer.StartAsync(_database, ("Bayou:Enabled", "false"));
            var random = new Random(3);
            for (var round = 0; round < LinesOfEach; round++)
            {
                await Server.SendLogsAsync(Statements.OrderBy(_ => random.Next()).Select(statement => new
                {
                    source = "system", service = statement.Name, level = statement.Level,
                    message = string.Concat(statement.Text.Select(c => c == '#' ? $"{random.Next(1, 5_000)}" : $"{c}")),
                }));
            }

            await Server.EmbeddedAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            await _database.DisposeAsync();
        }
    }
}
