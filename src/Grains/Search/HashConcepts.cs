namespace Bayou.Search;

/// <summary>What log lines are about, and the words by which programs and their operators call it.</summary>
internal static class HashConcepts
{
    /// <summary>How many things there are: a dimension each.</summary>
    public const int Count = 16;

    private static readonly string[] Things =
    [
        // failure
        "error err fail failed failure exception fatal panic crash crashed abort aborted broken bad wrong problem fault cannot can't cant couldn could unable "
            + "not no never refused refuse reject rejected unsuccessful lost lose corrupt corrupted traceback unhandled die died unreachable unavailable "
            + "outage away gone down went trouble issue error erroneous dead broke breaks without nothing impossible interrupted bug incident",
        // network
        "connection connect connecting conn disconnect network socket tcp udp host hostname peer port dns resolve resolution lookup reach reachable "
            + "unreachable address ip packet interface link refused reset proxy firewall route eof handshake tunnel vpn websocket remote bind nic ethernet "
            + "closed close closes lost unreachable hangup timeout resolver subnet",
        // database
        "database db postgres postgresql pgsql mysql mariadb oracle sqlite mongo mongodb cassandra sql query statement select insert update table row column "
            + "transaction deadlock replica replication commit rollback migration pool relation tuple vacuum datastore orm npgsql jdbc connections pools dbms "
            + "mariadb records record",
        // access
        "auth authenticate authentication authorize authorization unauthorized login logon logins signin logout password passphrase credential token jwt "
            + "permission denied deny forbidden access ssh sshd session sudo root pam oauth sso saml privilege acl tls ssl certificate cert x509 key "
            + "signature csrf brute intrusion attack allowed allow may not permitted blocked block locked lock break broke attempts tries credentials "
            + "intruder authorised sign signed bruteforce hack ban banned role secret",
        // storage
        "disk space volume file filesystem directory folder path inode write read block mount unmount storage storag io upload download bucket s3 blob backup "
            + "snapshot partition device sector raid nfs quota full hdfs datanode namenode archive log logfile enospc save saving saved stored store left "
            + "copy copied open attachment document uploading uploaded",
        // memory and processors
        "memory mem oom heap gc garbage collect collector allocate allocation cpu processor load swap leak rss ram overload exhausted core thread stack "
            + "overflow stackoverflow kernel throttl pressure ulimit gb mb overloaded busy usage limit exhausted collection generation compaction",
        // time
        "slow slowly slowness timeout timed timeouts latency latent deadline exceeded exceed delay delayed long longer took takes wait waiting hang hung "
            + "stuck expired expire late lag lagging duration unresponsive elapsed backlog ntp clock drift soon hold held behind deadline overdue slower "
            + "answer-in-time pause period seconds respond growing grow",
        // requests
        "request req response http https get post put patch endpoint api status gateway upstream client browser header url uri rate limit throttle throttled "
            + "call rest graphql grpc nginx web server handler middleware payload body webhook calls called call answer answered answers reply caller body "
            + "query-string server page",
        // life of processes
        "start started starting startup stop stopped stopping restart restarted restarting shutdown shut boot booted reboot init initialize initialized "
            + "launch ready listen listening exit exited terminate terminated kill killed sigterm sigkill signal running process daemon deploy deployed "
            + "deployment release version upgrade rollout rollback spawn pid booting booted rolled rolling shutting down up die died dies came back service "
            + "application app daemon received signal flight",
        // work in the background
        "job queue worker task schedule scheduled scheduler cron retry retries attempt consumer consume producer message kafka rabbitmq rabbit broker batch "
            + "topic dead letter enqueue dequeue publish subscribe event stream offset pipeline background mapreduce map reduce jobs messages given growing "
            + "behind executed execute ran background tasks letters scheduler consumer group lags",
        // people
        "user account customer profile register registered registration signup member email mail smtp inbox notification notify person visitor subscriber "
            + "invite username uid somebody someone people person customers delivered deliver sign created mailbox unsubscribed",
        // money
        "payment pay paid charge card credit invoice order checkout refund stripe paypal billing bill price cart purchase subscription declined decline "
            + "transaction amount currency money shop money returned return buy bought purchased funds fund insufficient balance eur usd dollar euro pays",
        // configuration and formats
        "config configuration configure setting option environment env variable missing parse parser parsing syntax json xml yaml format invalid malformed "
            + "schema unexpected validate validation deserialize serialize decode encode argument parameter field illegal unknown unsupported null undefined "
            + "type value required wrong setting settings switched switch toggle flag feature parsed rejected quantity number expected character position "
            + "line yaml ini toml",
        // caches and copies
        "cache cached caching hit miss evict eviction redis memcached sync synchronize stale consistency lock conflict concurrent race version optimistic "
            + "replicate mirror invalidate invalidation key ttl evicted entry entries somebody meanwhile changed concurrently else copy data old",
        // all is well
        "success successful successfully succeeded succeed ok okay complete completed completing done finish finished accepted healthy health recovered "
            + "recover restored established alive passed pass up available fine good well works working green complete passed normal",
        // machines
        "container docker pod kubernetes k8s node cluster silo instance vm virtual machine host server hardware cloud region zone replica autoscale scale "
            + "leader election quorum member heartbeat ecs ec2 image hypervisor temperature fan power machines left join joined chosen elected elect vote "
            + "term removed gone missed",
    ];

    // What nearly every second line speaks of tells lines apart less.
    private static readonly float[] Weights = [0.7f, 1, 1, 1, 1, 1, 0.9f, 0.8f, 0.8f, 1, 0.9f, 1, 0.9f, 1, 0.9f, 0.9f];

    private static readonly Dictionary<string, int[]> ByStem = Things
        .SelectMany((words, thing) => words.Split(' ').Select(word => (Stem: SearchWords.Stem(word), Thing: thing)))
        .GroupBy(pair => pair.Stem, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Select(pair => pair.Thing).Distinct().ToArray(), StringComparer.Ordinal);

    /// <summary>How much a word of a thing counts.</summary>
    public static float Weight(int thing) => Weights[thing];

    /// <summary>The dimensions of what a stem speaks of; empty for a word that may mean anything.</summary>
    public static int[] Of(string stem) => ByStem.GetValueOrDefault(stem, []);
}
