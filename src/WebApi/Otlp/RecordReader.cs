using Bayou.Ingest;

namespace Bayou.Otlp;

/// <summary>
/// Reads a request into a batch, from the wire, without an object for each record. The messages of all signals are alike: groups of a resource, in each
/// such of a scope, in each the records.
/// </summary>
internal abstract class RecordReader<TBatch>(ResourceReader resource) : IDisposable
    where TBatch : class, IIngestBatch
{
    // Of a request. A record may be two bytes on its way, and a row of a hundred here.
    private const int MostRecords = 100_000;
    private const long MostBytes = 64 * 1024 * 1024;

    protected ResourceReader Resource => resource;

    /// <summary>Records that cannot be taken.</summary>
    public int Rejected { get; private set; }

    /// <summary>Why the first of those cannot.</summary>
    public string? Problem { get; private set; }

    /// <returns>False when it has more than is taken at once.</returns>
    /// <exception cref="InvalidDataException">It is no protobuf.</exception>
    public bool Read(ReadOnlySpan<byte> request, TBatch batch)
    {
        for (var all = new WireReader(request); all.Next();)
        {
            if (all.Field == 1 && all.HasBytes && !ReadGroup(all.Bytes, batch))
            {
                return false;
            }
        }

        return !IsTooMuch(batch);
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The following scopes are of the resource that was read last.</summary>
    protected virtual void BeginResource(TBatch batch)
    {
    }

    /// <summary>The following records are of the scope that was read last.</summary>
    protected virtual void BeginScope(TBatch batch)
    {
    }

    /// <summary>Adds one, or refuses it.</summary>
    protected abstract void Add(ReadOnlySpan<byte> record, TBatch batch);

    protected void Refuse(string problem)
    {
        Rejected++;
        Problem ??= problem;
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            resource.Dispose();
        }
    }

    /// <summary>Whether there is no room for another.</summary>
    protected bool IsTooMuch(TBatch batch) => batch.Count + Rejected > MostRecords || batch.Bytes > MostBytes;

    private bool ReadGroup(ReadOnlySpan<byte> group, TBatch batch)
    {
        resource.Read(ResourceReader.Find(group, 1));
        BeginResource(batch);
        for (var scopes = new WireReader(group); scopes.Next();)
        {
            if (scopes.Field != 2)
            {
                continue;
            }

            resource.ReadScope(ResourceReader.Find(scopes.Bytes, 1));
            BeginScope(batch);
            for (var records = new WireReader(scopes.Bytes); records.Next();)
            {
                if (IsTooMuch(batch))
                {
                    return false;
                }

                if (records.Field == 2)
                {
                    Add(records.Bytes, batch);
                }
            }
        }

        return true;
    }
}
