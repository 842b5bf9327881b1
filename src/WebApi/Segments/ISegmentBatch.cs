using Bayou.Ingest;

namespace Bayou.Segments;

/// <summary>What one sender brought, already as rows.</summary>
internal interface ISegmentBatch : IIngestBatch
{
    /// <summary>Whose rows they are.</summary>
    int Project { get; }

    /// <summary>The rows of a class.</summary>
    SegmentRows Of(string @class);

    /// <summary>Numbers the rows in the order in which they were sent.</summary>
    /// <returns>The id after the last.</returns>
    long Number(long first);
}
