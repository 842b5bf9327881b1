using Bayou;
using Bayou.Access;
using Bayou.Hosting;
using Bayou.Logs;

if (args is [PatternsCommand.Name, ..])
{
    return PatternsCommand.Run(args[1..]);
}

if (args is [AccessCommands.Admin or AccessCommands.AuditName, ..])
{
    return await AccessCommands.RunAsync(
        args, new ConfigurationBuilder().AddEnvironmentVariables().Build(), Console.Out, Console.Error, CancellationToken.None);
}

return await BayouProgram.RunAsync(() => Api.Build(args), Console.Error);
