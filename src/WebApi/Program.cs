using Bayou;
using Bayou.Hosting;
using Bayou.Logs;

if (args is [PatternsCommand.Name, ..])
{
    return PatternsCommand.Run(args[1..]);
}

return await BayouProgram.RunAsync(() => Api.Build(args), Console.Error);
