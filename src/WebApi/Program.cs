using Bayou;
using Bayou.Logs;

if (args is [PatternsCommand.Name, ..])
{
    return PatternsCommand.Run(args[1..]);
}

await Api.Build(args).RunAsync();
return 0;
