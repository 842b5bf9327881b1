using Shop;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddBayou(bayou => bayou.Service = "shop"); // Bayou:Url says where Bayou is.

var app = builder.Build();
app.UseBayou();
app.MapShop();
app.Run();
