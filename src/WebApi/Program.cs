using Bayou;
using Bayou.Hosting;

var builder = WebApplication.CreateBuilder(args);
builder.AddBayouLogging();
builder.AddBayouSilo();
builder.AddBayouApi();

var app = builder.Build();
app.UseBayouApi();
await app.RunAsync();
