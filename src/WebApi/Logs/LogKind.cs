using System.Globalization;
using System.Text;
using Bayou.Ingest;
using Microsoft.Extensions.Options;

namespace Bayou.Logs;

/// <summary>Log lines. That a sender dropped some before these is told by a line of its own, where they are missing.</summary>
internal sealed class LogKind(PatternRegistries patterns, IOptions<LogsOptions> options, TimeProvider time) : ItemKind<LogBatch>
{
    public override string KeyPrefix => "logs\n";

    public override Task ReadyAsync(int project, CancellationToken ct) => patterns.Of(project).ReadyAsync(ct);

    public override LogBatch NewBatch(int project) => new(project, patterns.Of(project));

    public override ItemReader<LogBatch> NewReader() => new LineReader(time.GetUtcNow(), options.Value);

    public override void Close(LogBatch batch, long dropped)
    {
        if (dropped > 0)
        {
            var message =
                Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{dropped} lines before these were dropped unsent by their sender"));
            batch.Add(new LogLine { Time = time.GetUtcNow().UtcDateTime, Level = LineLevel.Warn, Source = "bayou"u8, Service = batch.Service,
                Message = message });
        }
    }
}
