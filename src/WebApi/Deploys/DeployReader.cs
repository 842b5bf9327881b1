using System.Text.Json;
using Bayou.Ingest;

namespace Bayou.Deploys;

/// <summary>Reads the body of <c>POST /ingest/v1/deploys</c>.</summary>
/// <param name="now">The time of a deploy that says none.</param>
/// <param name="oldest">Earlier ones are no longer kept.</param>
internal sealed class DeployReader(DateTimeOffset now, DateTimeOffset oldest) : ItemReader(
    [new("service", FieldRule.Required), new("version", FieldRule.Required), new("time", FieldRule.Right)])
{
    private string _service = "";
    private string _version = "";
    private DateTime _time;

    /// <summary>What was read last.</summary>
    public Deploy Value => new(_service, _version, _time);

    protected override void Begin() => _time = now.UtcDateTime;

    protected override string? ReadField(int field, ref Utf8JsonReader json, ReadOnlySpan<byte> item) => field switch
    {
        0 => ItemText.Read(ref json, ItemLimits.MaxService, out _service),
        1 => ItemText.Read(ref json, ItemLimits.MaxVersion, out _version),
        _ => ItemTime.Read(ref json, oldest, now + ItemLimits.MaxAhead, ref _time),
    };
}
