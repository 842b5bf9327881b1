using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Bayou.Hosting;

/// <summary>Plain lines for a terminal. Control characters are escaped: what is logged may come from anybody, and a terminal does what they say.</summary>
public sealed class TerminalFormatter(IServiceProvider services) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "terminal";

    // Late: it is one of the formatters that are being made when this one is.
    private readonly Lazy<ConsoleFormatter> _plain =
        new(() => services.GetServices<ConsoleFormatter>().First(formatter => formatter.Name == ConsoleFormatterNames.Simple));

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        var text = Escape(logEntry.Exception is null ? message : $"{message}\n{logEntry.Exception}");
        _plain.Value.Write(new LogEntry<string>(logEntry.LogLevel, logEntry.Category, logEntry.EventId, text, null, (escaped, _) => escaped), scopeProvider,
            textWriter);
    }

    /// <summary>
    /// A text of which a terminal draws every character: others than line feed are written as <c>\u001b</c>, those that turn the direction of writing too.
    /// </summary>
    public static string Escape(string text)
    {
        if (!text.Any(IsObeyed))
        {
            return text;
        }

        var escaped = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            _ = IsObeyed(c) ? escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : escaped.Append(c);
        }

        return escaped.ToString();
    }

    private static bool IsObeyed(char c) =>
        (char.IsControl(c) && c != '\n') || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
