using Bayou.Hosting;

// A silo by itself: grains without the HTTP surface.
var builder = Host.CreateApplicationBuilder(args);
builder.AddBayouLogging();
builder.AddBayouSilo();
await builder.Build().RunAsync();
