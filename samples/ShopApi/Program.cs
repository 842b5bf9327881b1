using Shop;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<ShopLog>();
builder.Services.AddBayou(bayou => bayou.Service = "shop"); // Bayou:Url says where Bayou is.
builder.Logging.AddBayou(); // Its log goes there too.

var app = builder.Build();
app.UseBayou();
app.MapShop();
app.Run();
