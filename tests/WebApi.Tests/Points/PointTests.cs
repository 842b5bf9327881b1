using System.Net;
using System.Text;
using Bayou.Otlp;
using Bayou.Otlp.Protocol;
using Google.Protobuf;
using static Bayou.Points.Measured;

namespace Bayou.Points;

/// <summary>Metrics by OTLP: a point each minute of each series, and questions about them.</summary>
public sealed class PointTests(BayouServer server) : IClassFixture<BayouServer>
{
    [Fact]
    public async Task A_metric_as_the_specification_shows_it_in_JSON_is_listed_and_asked()
    {
        // As in the specification's examples, at another time.
        var (service, name) = (BayouServer.NewService(), $"my.{Guid.NewGuid():N}");
        var body = """
            {"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"SERVICE"}}]},"scopeMetrics":[{
              "scope":{"name":"my.library","version":"1.0.0"},
              "metrics":[
                {"name":"NAME.counter","unit":"1","description":"I am a Counter","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[
                  {"asDouble":5,"startTimeUnixNano":"TIME","timeUnixNano":"TIME",
                    "attributes":[{"key":"my.counter.attr","value":{"stringValue":"some value"}}]}]}},
                {"name":"NAME.gauge","unit":"1","gauge":{"dataPoints":[{"asInt":"10","timeUnixNano":"TIME"}]}},
                {"name":"NAME.histogram","unit":"1","histogram":{"aggregationTemporality":1,"dataPoints":[{"startTimeUnixNano":"TIME","timeUnixNano":"TIME",
                  "count":2,"sum":2,"bucketCounts":[1,1],"explicitBounds":[1],"min":0,"max":2}]}},
                {"name":"NAME.exponential","unit":"1","exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[{"startTimeUnixNano":"TIME",
                  "timeUnixNano":"TIME","count":3,"sum":10,"scale":0,"zeroCount":1,"positive":{"offset":1,"bucketCounts":[0,2]},"min":0,"max":5}]}},
                {"name":"NAME.summary","summary":{"dataPoints":[{"timeUnixNano":"TIME","count":"7","sum":9,"quantileValues":[{"quantile":0.5,"value":1}]}]}}
              ]}]}]}
            """.Replace("TIME", $"{Nanos(Minute)}", StringComparison.Ordinal).Replace("SERVICE", service, StringComparison.Ordinal)
            .Replace("NAME", name, StringComparison.Ordinal);
        var (status, answer) = await PostAsync(server, Encoding.UTF8.GetBytes(body), OtlpEndpoints.Json);
        Assert.Equal((HttpStatusCode.OK, "{}"), (status, Encoding.UTF8.GetString(answer)));
        var listed = (await server.DataAsync($"/series?service={service}")).AsArray();
        Assert.Equal(
            [$"{name}.counter sum I am a Counter my.counter.attr", $"{name}.exponential histogram  ", $"{name}.gauge gauge  ", $"{name}.histogram histogram  ",
                $"{name}.summary sum  "],
            listed.Select(one => $"{one!["name"]} {one["kind"]} {one["description"]} {string.Join(',', one["attributes"]!.AsArray())}"));
        Assert.Equal(5, await OneAsync($"{name}.counter", "sum"));
        Assert.Equal(10, await OneAsync($"{name}.gauge", "last"));
        Assert.Equal(2, await OneAsync($"{name}.histogram", "count"));
        Assert.Equal(1, await OneAsync($"{name}.histogram", "p50"));
        Assert.Equal(5, await OneAsync($"{name}.exponential", "p50")); // a quarter of (4, 8]
    }

    [Fact]
    public async Task Deltas_add_up_within_a_minute_and_the_same_bytes_count_once()
    {
        var (service, name) = (BayouServer.NewService(), $"delta.{Guid.NewGuid():N}");
        var first = Of(service, Sum(name, Minute.AddSeconds(10), 3, null, isCumulative: false)).ToByteArray();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await PostAsync(server, first)).Status);
        }

        await Measured.SendAsync(server, service, Sum(name, Minute.AddSeconds(40), 4, null, isCumulative: false));
        Assert.Equal(7, await OneAsync(name, "sum"));
        Assert.Equal(7.0 / 60, (await OneAsync(name, "rate"))!.Value, 9);

        var histogram = $"{name}.h";
        await Measured.SendAsync(server, service, Histogram(histogram, Minute.AddSeconds(10), null, false, [1, 2, 4], [0, 10, 0, 0]));
        await Measured.SendAsync(server, service, Histogram(histogram, Minute.AddSeconds(20), null, false, [1, 2, 4], [0, 0, 10, 0]));
        Assert.Equal(20, await OneAsync(histogram, "count"));
        Assert.Equal(2, await OneAsync(histogram, "p50"));
    }

    [Fact]
    public async Task Cumulative_counters_are_what_came_between_and_begin_anew_with_their_process()
    {
        var (service, name) = (BayouServer.NewService(), $"cumulative.{Guid.NewGuid():N}");
        var started = Minute.AddHours(-5);
        await Measured.SendAsync(server, service, Sum(name, Minute, 1_000, started, true));
        await Measured.SendAsync(server, service, Sum(name, Minute.AddMinutes(1), 1_060, started, true), Sum(name, Minute.AddMinutes(2), 1_100, started, true));
        await Measured.SendAsync(server, service, Sum(name, Minute.AddMinutes(3), 5, Minute.AddMinutes(2.5), true)); // another process
        Assert.Equal([null, 60, 40, 5], await ValuesAsync(name, "sum", 4));
        await Measured.SendAsync(server, service, Sum(name, Minute.AddMinutes(1).AddSeconds(-30), 1_020, started, true)); // late
        Assert.Equal([null, 40, 40, 5], await ValuesAsync(name, "sum", 4));

        var fresh = $"{name}.fresh";
        await Measured.SendAsync(server, service, Sum(fresh, Minute, 9, Minute.AddSeconds(-50), true));
        Assert.Equal([9], await ValuesAsync(fresh, "sum", 1)); // It had only just begun.
    }

    [Fact]
    public async Task Series_are_grouped_and_filtered_and_gauges_are_the_newest_of_a_minute()
    {
        var (service, name) = (BayouServer.NewService(), $"gauge.{Guid.NewGuid():N}");
        await Measured.SendAsync(
            server, service, Gauge(name, Minute.AddSeconds(50), 8, Attribute("pool", "a"), Attribute("state", "used")),
            Gauge(name, Minute.AddSeconds(10), 99, Attribute("state", "used"), Attribute("pool", "a")), // earlier, and in another order
            Gauge(name, Minute, 2, Attribute("pool", "b"), Attribute("state", "used")));
        Assert.Equal(2, (long)(await server.DataAsync($"/series?name={name}")).AsArray().Single()!["series"]!);
        var query = new AlreadyEscaped($"name={name}&start_date={Minute:yyyy-MM-ddTHH:mm:ss}Z&end_date={Minute.AddMinutes(1):yyyy-MM-ddTHH:mm:ss}Z");
        var lines = (await server.DataAsync($"/series/query?{query}&group_by=attributes.pool"))["lines"]!.AsArray();
        Assert.Equal(["a 8", "b 2"], lines.Select(line => $"{line!["group"]} {line["values"]![0]}"));
        var one = (await server.DataAsync($"/series/query?{query}&attributes.pool=b&resource.host.name=a-host&aggregate=max"))["lines"]!.AsArray();
        Assert.Equal("""[{"group":null,"values":[2]}]""", one.ToJsonString());
        Assert.Equal(5, (double)(await server.DataAsync($"/series/query?{query}"))["lines"]![0]!["values"]![0]!);
    }

    [Theory]
    [InlineData("", "name", "is required")]
    [InlineData("name=x&aggregate=mean", "aggregate", "must be one of rate, sum")]
    [InlineData("name=x&group_by=colour", "group_by", "must be service, attributes.NAME or resource.NAME")]
    [InlineData("name=x&window_size=1", "window_size", "must be a whole number from 60")]
    public async Task What_cannot_be_asked_is_refused_by_its_name(string query, string field, string message)
    {
        var (status, body) = await server.GetAsync($"/series/query?{new AlreadyEscaped(query)}");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(body["error"]!["details"]!.AsArray(), error => (string)error!["field"]! == field
            && ((string)error["message"]!).Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Counts_beyond_all_measure_are_refused_and_harm_nobody_else()
    {
        var (service, name) = (BayouServer.NewService(), $"huge.{Guid.NewGuid():N}");
        var huge = Histogram(name, Minute, null, false, [1], [1UL << 63, 0]);
        huge.Histogram.DataPoints.Add(huge.Histogram.DataPoints[0].Clone());
        var wide = Histogram($"{name}.wide", Minute, null, false, [], []);
        wide.Histogram.DataPoints[0].BucketCounts.Add(Enumerable.Repeat(1UL, 20_000));
        wide.Histogram.DataPoints[0].ExplicitBounds.Add(Enumerable.Range(0, 19_999).Select(i => (double)i));
        var odd = Histogram($"{name}.odd", Minute, null, false, [double.NaN], [1, 1]);
        var (status, answer) = await PostAsync(server, Of(service, huge, wide, odd, Gauge($"{name}.good", Minute, 1)).ToByteArray());
        Assert.Equal((HttpStatusCode.OK, 4L), (status, ExportResponse.Parser.ParseFrom(answer).PartialSuccess.Rejected));
        Assert.Equal(1, await OneAsync($"{name}.good", "avg"));
    }

    [Fact]
    public async Task A_sum_that_may_fall_is_a_level_and_a_histogram_knows_no_single_values()
    {
        var (service, name) = (BayouServer.NewService(), $"level.{Guid.NewGuid():N}");
        var open = Sum(name, Minute, 7, Minute.AddHours(-1), true);
        open.Sum.IsMonotonic = false;
        await Measured.SendAsync(server, service, open, Histogram($"{name}.h", Minute, null, false, [1], [1, 0]));
        Assert.Equal("gauge", (string)(await server.DataAsync($"/series?name={name}")).AsArray().Single()!["kind"]!);
        Assert.Equal(7, await OneAsync(name, "avg"));
        var (status, body) = await server.GetAsync($"/series/query?name={name}.h&aggregate=max");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("is of single values", (string)body["error"]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_metric_that_is_none_is_not_found() =>
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync($"/series/query?name=nothing.{Guid.NewGuid():N}")).Status);

    [Fact]
    public async Task What_cannot_be_kept_is_told_of_and_the_rest_is_kept()
    {
        var (service, name) = (BayouServer.NewService(), $"odd.{Guid.NewGuid():N}");
        var none = Gauge(name, Minute, 1, Attribute("n", "none"));
        none.Gauge.DataPoints[0].Flags = 1;
        var (status, answer) = await PostAsync(server, Of(
            service, Gauge(name, Minute, 1, Attribute("n", "good")), none, Gauge(name, DateTimeOffset.UnixEpoch, 1), Gauge(name, Minute.AddYears(1), 1),
            Gauge(name, Minute, double.NaN), Gauge("", Minute, 1), new Metric { Name = name },
            Histogram($"{name}.h", Minute, null, false, [2, 1], [1, 1, 1]), Histogram($"{name}.h", Minute, null, false, [1, 2], [1])).ToByteArray());
        var told = ExportResponse.Parser.ParseFrom(answer).PartialSuccess;
        Assert.Equal((HttpStatusCode.OK, 7L, "time_unix_nano is required"), (status, told.Rejected, told.ErrorMessage));
        Assert.Equal(1, (long)(await server.DataAsync($"/series?name={name}")).AsArray().Single()!["series"]!);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(server, [0x0A, 0x7F])).Status);
    }

    [Fact]
    public async Task Past_the_limit_of_a_project_further_series_are_told_of_and_those_known_go_on()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var small = await BayouServer.StartAsync(database, ("Bayou:Enabled", "false"), ("Bayou:Points:MaxSeries", "2"));
        var metrics = Enumerable.Range(0, 4).Select(i => Gauge("g", Minute, i, Attribute("n", $"{i}"))).ToArray();
        var (_, answer) = await PostAsync(small, Of("s", metrics).ToByteArray());
        var told = ExportResponse.Parser.ParseFrom(answer).PartialSuccess;
        Assert.Equal((2L, "the project has 2 series already (Bayou:Points:MaxSeries)"), (told.Rejected, told.ErrorMessage));
        Assert.Equal(2, (long)(await small.DataAsync($"/series")).AsArray().Single()!["series"]!);
        await Measured.SendAsync(small, "s", Gauge("g", Minute.AddMinutes(1), 7, Attribute("n", "0")));
        var (status, none) = await PostAsync(small, Of("s", Gauge("g", Minute, 1, Attribute("n", "new"))).ToByteArray());
        Assert.Equal((HttpStatusCode.OK, 1L), (status, ExportResponse.Parser.ParseFrom(none).PartialSuccess.Rejected));
    }

    [Fact]
    public async Task Histograms_of_HTTP_durations_are_windows_where_there_is_nothing_better()
    {
        var (service, started) = (BayouServer.NewService(), Minute.AddHours(-1));
        KeyValue[] attributes =
        [
            Attribute("http.request.method", "GET"), Attribute("http.route", "/orders/{id}"),
            new() { Key = "http.response.status_code", Value = new() { IntValue = 500 } },
        ];
        Metric At(int minute, params ulong[] counts) =>
            Histogram("http.server.request.duration", Minute.AddMinutes(minute), started, true, [0.1, 0.2], counts, attributes);
        await Measured.SendAsync(server, service, At(0, 5, 0, 0), At(1, 15, 20, 0), At(2, 15, 20, 1));
        var former = Histogram("http.server.duration", Minute, null, false, [100, 200], [0, 3, 0],
            Attribute("http.method", "POST"), Attribute("http.route", "/x"), Attribute("http.status_code", "201"));
        former.Unit = "ms";
        await Measured.SendAsync(server, $"{service}-old", former);
        var histograms = server.Get<HistogramRequests>();
        await Eventually.SeesAsync(() => histograms.RunAsync(BayouServer.Ct), made => made == 0);
        await server.CountedAsync(service, 31); // What was there before the first point is not known to be of its minute.
        await server.CountedAsync($"{service}-old", 3);
        var row = (await server.DataAsync($"/metrics?service={service}")).AsArray().Single(row => (long)row!["traffic_count"]! == 30)!;
        Assert.Equal(("GET /orders/{id}", 30L), ((string)row["endpoint"]!, (long)row["status_5xx"]!));
        Assert.Equal(150, (double)row["p95_latency"]!, 2.0);
        var old = (await server.DataAsync($"/metrics?service={service}-old")).AsArray().Single()!;
        Assert.Equal(("POST /x", 150.0), ((string)old["endpoint"]!, (double)old["max_latency"]!));

        // One that counts since the time before may be late.
        former.Histogram.DataPoints[0].TimeUnixNano++; // Else it is the same batch again.
        await Measured.SendAsync(server, $"{service}-old", former);
        await Eventually.SeesAsync(() => histograms.RunAsync(BayouServer.Ct), made => made == 0);
        await server.CountedAsync($"{service}-old", 6);

        // What is better counts instead.
        await server.SendAsync(new[] { BayouServer.Observation(service, Minute.AddMinutes(1), "/orders/{id}") });
        await server.CountedAsync(service, 32);
        Assert.Equal(2, (await server.DataAsync($"/metrics?service={service}")).AsArray().Sum(one => (long)one!["traffic_count"]!));
    }

    [Theory]
    [InlineData("end_date=%01%3F", "end_date")]
    [InlineData("end_date=0001-01-01T00:00:00Z", "end_date")]
    [InlineData("start_date=8999-01-01T00:00:00Z", "start_date")]
    [InlineData("start_date=2026-01-02T00:00:00Z&end_date=2026-01-01T00:00:00Z", "end_date")]
    public async Task A_range_that_is_none_is_told(string range, string field)
    {
        using var response = await server.Http.GetAsync(new Uri($"/series/query?name=g&{range}", UriKind.Relative), BayouServer.Ct);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains($"\"{field}\"", await response.Content.ReadAsStringAsync(BayouServer.Ct), StringComparison.Ordinal);
    }

    private async Task<double?> OneAsync(string name, string aggregate) => (await ValuesAsync(name, aggregate, 1))[0];

    private async Task<List<double?>> ValuesAsync(string name, string aggregate, int minutes)
    {
        var range = new AlreadyEscaped(
            $"start_date={Minute:yyyy-MM-ddTHH:mm:ss}Z&end_date={Minute.AddMinutes(minutes):yyyy-MM-ddTHH:mm:ss}Z&window_size=60&aggregate={aggregate}");
        var answer = await server.DataAsync($"/series/query?name={name}&{range}");
        return answer["lines"]!.AsArray() is [{ } line, ..] ? [.. line["values"]!.AsArray().Select(value => (double?)value)]
            : [.. Enumerable.Repeat(default(double?), minutes)];
    }
}
