using Bayou.Metrics;

namespace Bayou.Ingest;

public sealed class OutstandingWindowTests
{
    private readonly OutstandingWindow _window = new(epoch: 3, new WindowKey(1, 60));

    [Fact]
    public void What_is_unsent_goes_in_one_call_with_the_seq_before_it()
    {
        Add(4, 6);
        AssertNext(previous: 0, first: 4, last: 6, count: 2);
        Answer(6);
        Assert.Null(_window.Next());
        Add(9);
        AssertNext(previous: 6, first: 9, last: 9, count: 1);
    }

    [Fact]
    public void A_grain_that_is_behind_is_sent_exactly_what_it_lacks()
    {
        Add(4, 6, 9);
        Answer(9);
        Add(12);
        Answer(4); // It has lost 6 and 9.
        AssertNext(previous: 4, first: 6, last: 12, count: 3);
    }

    [Fact]
    public void A_discarded_activation_is_sent_all_that_is_not_durable()
    {
        Add(4, 6);
        Answer(6);
        Assert.Equal([4], _window.Durable(5).Select(row => row.Seq));
        Answer(WindowDelta.Discarded);
        AssertNext(previous: 0, first: 6, last: 6, count: 1);
    }

    [Fact]
    public void What_never_becomes_durable_is_sent_again_after_three_checks()
    {
        Add(4);
        Answer(4);
        Assert.Empty(_window.Durable(0));
        Assert.Empty(_window.Durable(0));
        Assert.Null(_window.Next());
        Assert.Empty(_window.Durable(0));
        AssertNext(previous: 0, first: 4, last: 4, count: 1);
    }

    [Fact]
    public void Rows_that_come_out_of_order_are_sent_in_order()
    {
        Add(7, 8, 5);
        AssertNext(previous: 0, first: 5, last: 8, count: 3);
    }

    private void Add(params long[] seqs)
    {
        foreach (var seq in seqs)
        {
            var figures = new WindowFigures();
            figures.Add(200, 1_000, 0, 0);
            _window.Add(seq, figures.ToBytes());
        }
    }

    private void Answer(long applied) => _window.Answered(_window.Next() ?? new(3, 0, 0, long.MaxValue, []), applied);

    private void AssertNext(long previous, long first, long last, long count)
    {
        var delta = _window.Next()!;
        Assert.Equal((3, previous, first, last), (delta.Epoch, delta.Previous, delta.First, delta.Last));
        Assert.Equal(count, WindowFigures.FromBytes(delta.Figures).Count);
    }
}
