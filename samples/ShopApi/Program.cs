using Shop;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<ShopLog>();
builder.Services.AddSingleton<ShopBug>();
builder.Services.AddBayou(bayou =>
{
    bayou.Service = "shop"; // Bayou:Url says where Bayou is.
    bayou.Capture.Enabled = true; // Requests that fail, that are slow, and a few others are kept whole.
});
builder.Logging.AddBayou(); // Its log goes there too.
ShopTraces.Add(builder.Services, builder.Configuration); // And its traces, by OpenTelemetry.

var app = builder.Build();
_ = app.Services.GetRequiredService<ShopTraces>();
app.UseBayou();
app.MapShop();
app.MapShopBug();
app.Run();
