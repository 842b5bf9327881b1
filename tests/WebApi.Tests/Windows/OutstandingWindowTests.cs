using Bayou.Metrics;

namespace Bayou.Windows;

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
    public void What_was_never_sent_is_merged_and_what_was_stays_as_it_went()
    {
        Add(4, 6);
        Assert.Equal(1, _window.Held);
        AssertNext(previous: 0, first: 4, last: 6, count: 2); // Its answer is lost.
        Add(9, 10);
        Assert.Equal(2, _window.Held);
        AssertNext(previous: 0, first: 4, last: 10, count: 4);
        Answer(6); // The grain had the first call, and refuses the second.
        AssertNext(previous: 6, first: 9, last: 10, count: 2);
    }

    [Fact]
    public void A_grain_that_is_behind_is_sent_exactly_what_it_lacks()
    {
        Adopt(4, 6, 9);
        Answer(9);
        Adopt(12);
        Answer(4); // It has lost 6 and 9.
        AssertNext(previous: 4, first: 6, last: 12, count: 3);
    }

    [Fact]
    public void A_discarded_activation_is_sent_all_that_is_not_durable()
    {
        Adopt(4, 6);
        Answer(6);
        Assert.Equal(1, _window.Durable(5));
        Assert.Equal(6, _window.FirstSeq);
        Answer(WindowDelta.Discarded);
        AssertNext(previous: 0, first: 6, last: 6, count: 1);
    }

    [Fact]
    public void What_never_becomes_durable_is_sent_again_after_five_checks()
    {
        Add(4);
        Answer(4);
        for (var check = 1; check < 5; check++)
        {
            Assert.Equal(0, _window.Durable(0));
        }

        Assert.Null(_window.Next());
        Assert.Equal(0, _window.Durable(0));
        AssertNext(previous: 0, first: 4, last: 4, count: 1);
    }

    [Fact]
    public void What_another_delivers_meanwhile_is_watched_until_it_is_durable()
    {
        Add(4, 6); // Fenced and adopted elsewhere, which has sent 4.
        Answer(4);
        Assert.True(_window.HasUnsent);
        Assert.False(_window.AwaitsFlush); // Not at once: its flush takes a while.
        _window.Checked();
        Assert.True(_window.AwaitsFlush);
        Assert.Equal(1, _window.Durable(6));
        Assert.True(_window.IsEmpty);
    }

    private void Add(params long[] seqs) => Take(seqs, live: true);

    private void Adopt(params long[] seqs) => Take(seqs, live: false);

    private void Take(long[] seqs, bool live)
    {
        foreach (var seq in seqs)
        {
            _window.At(seq, live, out _).Add(200, 1_000, 0, 0);
        }
    }

    private void Answer(long applied) => _window.Answered(_window.Next() ?? new(_window, 0, 0, long.MaxValue, []), applied);

    private void AssertNext(long previous, long first, long last, long count)
    {
        var delta = _window.Next()!.Encode();
        Assert.Equal((3, previous, first, last), (delta.Epoch, delta.Previous, delta.First, delta.Last));
        Assert.Equal(count, WindowFigures.FromBytes(delta.Figures).Count);
    }
}
