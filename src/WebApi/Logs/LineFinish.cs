using System.Buffers;
using System.Globalization;
using System.Text;
using Bayou.Search;

namespace Bayou.Logs;

/// <summary>What is done with every line before it is stored, whoever brings it: a message too long is cut, secrets go, what is searched is made.</summary>
internal sealed class LineFinish(LogsOptions options)
{
    private const int MaxMessage = 256 * 1024; // bytes of UTF-8

    private readonly ArrayBufferWriter<byte> _metaText = new();
    private readonly LineSecrets _secrets = new();

    /// <summary>Messages that were too long to be kept whole.</summary>
    public int Cut { get; private set; }

    /// <summary>Adds a line to a batch.</summary>
    /// <param name="line">Whose meta is still to come.</param>
    /// <param name="meta">Valid JSON, but for texts in it; empty for none.</param>
    /// <param name="isJson">Whether the message is JSON, whose secrets are known by their names.</param>
    public void Add(LogBatch batch, LogLine line, ReadOnlySpan<byte> meta, bool isJson = false)
    {
        var message = Fit(line.Message);
        line.Message = !options.Redact ? message : isJson ? _secrets.OfMeta(message) : _secrets.OfMessage(message);
        _metaText.ResetWrittenCount();
        if (!meta.IsEmpty)
        {
            line.Meta = LineMeta.Read(options.Redact ? _secrets.OfMeta(meta) : meta, _metaText);
        }

        if (!TextFold.IsPlain(line.Message) || !TextFold.IsPlain(line.Source) || !TextFold.IsPlain(_metaText.WrittenSpan))
        {
            // Append the folded form of text that PostgreSQL does not fold, as searches look for it; nothing but searches reads this text.
            var text = $"\n{Encoding.UTF8.GetString(line.Message)}\n{Encoding.UTF8.GetString(line.Source)}\n{Encoding.UTF8.GetString(_metaText.WrittenSpan)}";
            Encoding.UTF8.GetBytes(TextFold.Of(text), _metaText);
        }

        line.MetaText = _metaText.WrittenSpan;
        batch.Add(line);
    }

    /// <returns>The message; where it is too long its beginning, and a mark that says so.</returns>
    private ReadOnlySpan<byte> Fit(ReadOnlySpan<byte> message)
    {
        if (message.Length <= MaxMessage)
        {
            return message;
        }

        Cut++;
        var end = MaxMessage;
        while ((message[end] & 0xC0) == 0x80) // within a character
        {
            end--;
        }

        return (byte[])[.. message[..end], .. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"… (cut: {message.Length} bytes in all)"))];
    }
}
