using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;
using Shop;

// ShopTraffic --shop http://localhost:5081 --bayou http://localhost:5080 [--rate 8] [--backfill-hours 24]
var settings = new ConfigurationBuilder().AddCommandLine(args).Build();
var shop = new Uri(settings["shop"] ?? throw new ArgumentException("--shop says where the shop is"));
var bayou = new Uri(settings["bayou"] ?? throw new ArgumentException("--bayou says where Bayou is"));
var rate = settings.GetValue("rate", 8.0);
var hours = settings.GetValue("backfill-hours", 24.0);

using var stop = new CancellationTokenSource();
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);

using var http = new HttpClient();
if ((string[])["BAYOU_API_KEY", "BAYOU_TOKEN"] is var names
    && names.Select(Environment.GetEnvironmentVariable).FirstOrDefault(value => !string.IsNullOrEmpty(value)) is { } key)
{
    http.DefaultRequestHeaders.Add("x-api-key", key);
}

try
{
    await Targets.TellAsync(http, bayou, shop, stop.Token);
    using var history = new HistoryLog();
    await new Backfill(http, bayou, rate, history).RunAsync(TimeSpan.FromHours(hours), stop.Token);
    await new LiveTraffic(http, shop, bayou, rate).RunAsync(stop.Token);
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    // Told to.
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
