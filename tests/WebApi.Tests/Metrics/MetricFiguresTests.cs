using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bayou.Metrics;

public sealed class MetricFiguresTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "0.001")]
    [InlineData(5, "0.005")]
    [InlineData(40, "0.04")]
    [InlineData(999, "0.999")]
    [InlineData(1_000, "1")]
    [InlineData(120_300, "120.3")]
    [InlineData(86_400_000_000, "86400000")]
    public void Milliseconds_are_written_to_the_microsecond_without_zeros_at_the_end(long micros, string written)
    {
        var figures = new WindowFigures();
        figures.Add(200, micros, 0, 0);
        Assert.Equal(written, Written(figures)["max_latency"]!.ToJsonString());
        Assert.Equal(micros / 1_000.0, (double)Written(figures)["avg_latency"]!);
    }

    [Theory]
    [InlineData(0, 3, "0")]
    [InlineData(3, 3, "1")]
    [InlineData(1, 3, "0.333333")]
    [InlineData(2, 3, "0.666667")]
    [InlineData(1, 2_000, "0.0005")]
    [InlineData(1, 100_000, "0.00001")]
    public void Rates_are_written_to_the_millionth(int errors, int of, string written)
    {
        var figures = new WindowFigures();
        for (var i = 0; i < of; i++)
        {
            figures.Add(i < errors ? 500 : 200, 10, 0, 0);
        }

        Assert.Equal(written, Written(figures)["error_rate"]!.ToJsonString());
        Assert.Equal(MetricFigures.Rate(figures), (double)Written(figures)["error_rate"]!);
    }

    private static JsonNode Written(WindowFigures figures)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            MetricFigures.Write(json, figures, isTotal: true);
            json.WriteEndObject();
        }

        return JsonNode.Parse(Encoding.UTF8.GetString(bytes.WrittenSpan))!;
    }
}
