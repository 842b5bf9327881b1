using Bayou.Ingest;

namespace Bayou.Traces;

/// <summary>Spans. They come by OTLP alone, which has a reader of its own.</summary>
internal sealed class SpanItems(SpanResources resources) : ItemKind<SpanBatch>
{
    public override string KeyPrefix => "spans\n";

    public override SpanBatch NewBatch(int project) => new(project, resources);

    public override ItemReader<SpanBatch> NewReader() => throw new NotSupportedException("Spans come by OTLP alone.");
}
