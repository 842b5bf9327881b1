using System.ComponentModel.DataAnnotations;

namespace Bayou.Ingest;

public sealed class IngestOptions
{
    public const string Section = "Bayou:Ingest";

    /// <summary>
    /// Names this node over restarts: at its start it takes over at once what its last life left in the journal,
    /// instead of after that life's lease. No two nodes of a database may share it. Empty: no name.
    /// </summary>
    public string Node { get; set; } = "";

    /// <summary>Largest body in bytes, before and after decompression.</summary>
    [Range(1024, 1_073_741_824)]
    public int MaxBodyBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Milliseconds from the start of one commit to the journal to the next, unless much is waiting.</summary>
    [Range(0, 1_000)]
    public int TickMilliseconds { get; set; } = 20;

    /// <summary>Milliseconds between two rounds of sending journaled figures to their grains.</summary>
    [Range(10, 10_000)]
    public int DeliveryMilliseconds { get; set; } = 500;

    /// <summary>Observations waiting for their commit before senders are told to come back.</summary>
    [Range(1_000, 10_000_000)]
    public int MaxQueued { get; set; } = 500_000;

    /// <summary>Journaled bytes not yet in the windows before senders are told to come back.</summary>
    [Range(1_000_000, 10_000_000_000)]
    public long MaxOutstandingBytes { get; set; } = 256_000_000;

    /// <summary>
    /// Sets of figures held for windows whose rows do not have them yet before senders are told to come back; each takes some 500 bytes of memory.
    /// </summary>
    [Range(1_000, 100_000_000)]
    public int MaxOutstandingFigures { get; set; } = 500_000;
}
