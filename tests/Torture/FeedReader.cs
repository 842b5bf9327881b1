using System.Text.Json.Nodes;

namespace Bayou.Torture;

/// <summary>
/// Follows a feed of a project by <c>id__gt</c>, at whichever node answers, from the first row on; what it sees must be what was acknowledged, each once.
/// </summary>
internal sealed class FeedReader(Nodes nodes, int project, Feed feed)
{
    /// <summary>By which the rows of a torture are told from Bayou's own.</summary>
    public const string Source = "torture";

    private (string Address, string Row) Of => feed switch
    {
        Feed.Logs => ($"/logs?source={Source}", "message"),
        Feed.Replay => ($"/replay?service={Source}", "body"),
        _ => ($"/traces?service={Batch.Traced}", "name"),
    };

    private readonly Dictionary<string, int> _seen = [];
    private long _last;
    private int _turn;

    /// <summary>Reads on until it is told, then until nothing is left.</summary>
    public async Task RunAsync(Task told, CancellationToken ct)
    {
        while (true)
        {
            var isTold = told.IsCompleted;
            var hasMore = await TryReadAsync(ct);
            if (hasMore == false && isTold)
            {
                return;
            }

            if (hasMore != true)
            {
                await Task.Delay(100, ct);
            }
        }
    }

    /// <summary>How what was seen differs from what was acknowledged.</summary>
    public IEnumerable<string> Differences(IReadOnlyCollection<string> acknowledged)
    {
        foreach (var line in acknowledged.Union(_seen.Keys))
        {
            var (was, seen) = (acknowledged.Contains(line) ? 1 : 0, _seen.GetValueOrDefault(line));
            if (was != seen)
            {
                yield return $"project {project}, {feed} {line}: {was} acknowledged, {seen} seen by id__gt";
            }
        }
    }

    /// <returns>Whether there is more; null when there was no answer.</returns>
    private async Task<bool?> TryReadAsync(CancellationToken ct)
    {
        try
        {
            var node = nodes.Webs[_turn++ % nodes.Webs.Count];
            var page = JsonNode.Parse(await nodes.Http.GetStringAsync(
                new Uri(node.Url, $"{Of.Address}&id__gt={_last}&limit=1000&project={project}"), ct))!;
            foreach (var row in page["data"]!.AsArray())
            {
                var line = (string)row![Of.Row]!;
                _seen[line] = _seen.GetValueOrDefault(line) + 1;
            }

            _last = (long)page["metadata"]!["last_id"]!;
            return (bool)page["metadata"]!["has_more"]!;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            return null;
        }
    }
}

/// <summary>What is kept row by row.</summary>
internal enum Feed { Logs, Replay, Traces }
