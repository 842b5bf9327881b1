using Bayou;

await Api.Build(args).RunAsync();
