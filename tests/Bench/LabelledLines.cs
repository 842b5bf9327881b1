using System.Text;

namespace Bayou.Bench;

/// <summary>Log lines of which somebody has said which statement wrote them, as LogHub has them: CSV with the columns <c>Content</c>, <c>EventId</c>.</summary>
internal sealed record LabelledLine(string Set, string Component, string Content, string EventId)
{
    /// <param name="file">Its name without ending is the set's.</param>
    public static List<LabelledLine> Read(string file)
    {
        var records = Records(File.ReadAllText(file)).ToList();
        var (content, id, component) = (records[0].IndexOf("Content"), records[0].IndexOf("EventId"), records[0].IndexOf("Component"));
        var set = Path.GetFileNameWithoutExtension(file);
        return [.. records.Skip(1).Select(fields => new LabelledLine(set, component < 0 ? "" : fields[component], fields[content], fields[id]))];
    }

    /// <summary>RFC 4180.</summary>
    private static IEnumerable<List<string>> Records(string text)
    {
        var fields = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            var field = new StringBuilder();
            if (text[at] == '"')
            {
                for (at++; text[at] != '"' || (at + 1 < text.Length && text[at + 1] == '"'); at++)
                {
                    at += text[at] == '"' ? 1 : 0;
                    field.Append(text[at]);
                }

                at++;
            }

            while (at < text.Length && text[at] is not (',' or '\n' or '\r'))
            {
                field.Append(text[at++]);
            }

            fields.Add(field.ToString());
            if (at == text.Length || text[at] != ',')
            {
                at += text.AsSpan(at).StartsWith("\r\n") ? 2 : 1;
                yield return fields;
                fields = [];
            }
            else
            {
                at++;
            }
        }
    }
}
