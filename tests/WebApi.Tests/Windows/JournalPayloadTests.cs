using System.Buffers;
using Bayou.Ingest;
using Bayou.Metrics;
using Bayou.Projects;
using Bayou.Requests;
using Microsoft.Extensions.Options;

namespace Bayou.Windows;

public sealed class JournalPayloadTests(BayouServer server) : IClassFixture<BayouServer>
{
    [Fact]
    public async Task A_row_holds_every_observation_in_its_window_and_in_its_whole_services()
    {
        var random = new Random(2);
        var time = BayouServer.RecentMinute;
        var registry = new SeriesRegistry(server.Db, Options.Create(new MetricsOptions()));
        var batches = new List<ObservationBatch>();
        var expected = new Dictionary<WindowKey, WindowFigures>();
        foreach (var service in (string[])["journal-a", "journal-b"])
        {
            var batch = new ObservationBatch(registry, Project.Default);
            for (var i = 0; i < 500; i++)
            {
                // Some routes once, some a hundred times; a country now and then.
                var country = random.Next(3) == 0 ? CountryCode.Of('F', 'R') : (ushort)0;
                batch.Add(new(service, $"GET /{Math.Min(i, random.Next(400))}", random.Next(100, 600), random.NextInt64(0, 10_000_000),
                    time.AddMinutes(-random.Next(5)), random.Next(10_000), random.Next(), country), default);
            }

            await batch.ResolveAsync(BayouServer.Ct);
            batches.Add(batch);
            foreach (var item in batch.Items)
            {
                var start = (long)item.Minute * WindowKey.Seconds;
                At(expected, new(item.Series, start)).Add(item.Status, item.DurationMicros, item.RequestBytes, item.ResponseBytes);
                At(expected, new(item.Total, start)).Add(item.Status, item.DurationMicros, item.RequestBytes, item.ResponseBytes, item.Country);
            }
        }

        var payload = new JournalPayload();
        payload.Write(batches); // Its room is used again.
        var read = Read(payload.Write(batches).Span);
        Assert.Equal(expected.Keys.ToHashSet(), read.Keys.ToHashSet());
        Assert.All(expected, window => Assert.Equal(window.Value.ToBytes(), read[window.Key].ToBytes()));
        batches.ForEach(batch => batch.Dispose());
        Assert.True(payload.Write(batches).IsEmpty);
    }

    [Fact]
    public void The_first_format_stays_readable()
    {
        // A window of series 7 and its whole service's beside it, as the first release wrote them.
        var figures = new WindowFigures();
        figures.Add(200, 1_500, 10, 20);
        var output = new ArrayBufferWriter<byte>();
        output.Write<byte>([1]);
        foreach (var series in (int[])[7, 3])
        {
            Varint.Write(output, series);
            Varint.Write(output, 29_000_000);
            Varint.Write(output, figures.ToBytes().Length);
            output.Write(figures.ToBytes());
        }

        var read = Read(output.WrittenSpan);
        Assert.Equal([new WindowKey(7, 29_000_000L * 60), new WindowKey(3, 29_000_000L * 60)], read.Keys);
        Assert.All(read.Values, window => Assert.Equal(figures.ToBytes(), window.ToBytes()));
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 9 })]
    [InlineData(new byte[] { 2, 1, 2, 4, 1 })]
    [InlineData(new byte[] { 2, 1, 2, 4, 1, 0x91, 0x03, 65 })]
    public void A_row_that_cannot_be_read_is_refused_and_nothing_of_it_taken(byte[] payload)
    {
        Assert.Throws<InvalidDataException>(() => Read(payload));
        var outstanding = new Outstanding(Options.Create(new IngestOptions()), TimeProvider.System);
        Assert.Throws<InvalidDataException>(() => outstanding.Add(1, 1, payload, live: false));
        Assert.Equal((0, 0L, 0L), (outstanding.Rows, outstanding.Bytes, outstanding.LastSeq(1)));
    }

    private static Dictionary<WindowKey, WindowFigures> Read(ReadOnlySpan<byte> payload)
    {
        var windows = new Dictionary<WindowKey, WindowFigures>();
        for (var row = new JournalReader(payload); row.MoveNext();)
        {
            row.AddTo(At(windows, row.Window), row.Total is { } whole ? At(windows, whole) : null);
        }

        return windows;
    }

    private static WindowFigures At(Dictionary<WindowKey, WindowFigures> windows, WindowKey key)
    {
        if (!windows.TryGetValue(key, out var figures))
        {
            windows[key] = figures = new();
        }

        return figures;
    }
}
