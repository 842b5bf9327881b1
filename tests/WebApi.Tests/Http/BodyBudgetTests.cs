namespace Bayou.Http;

public sealed class BodyBudgetTests
{
    private const int Large = 1024 * 1024;

    [Fact]
    public void What_is_taken_is_bounded_and_what_is_given_back_can_be_taken_again()
    {
        var budget = new BodyBudget(8 * Large);
        var held = Enumerable.Range(0, 20).Select(_ => new BodyBuffer(budget)).Where(buffer => buffer.TryEnlarge(Large)).ToList();
        Assert.Equal(6, held.Count); // Three quarters.
        Assert.Equal(6 * Large, budget.Taken);
        held.ForEach(buffer => buffer.Dispose());
        Assert.Equal(0, budget.Taken);
        using var again = new BodyBuffer(budget);
        Assert.True(again.TryEnlarge(4 * Large));
    }

    [Fact]
    public void Small_bodies_find_room_where_large_ones_have_taken_theirs()
    {
        var budget = new BodyBudget(8 * Large);
        using var large = new BodyBuffer(budget);
        Assert.True(large.TryEnlarge(4 * Large));
        using var larger = new BodyBuffer(budget);
        Assert.False(larger.TryEnlarge(4 * Large));
        using var small = new BodyBuffer(budget);
        Assert.True(small.TryEnlarge(64 * 1024));
    }

    [Fact]
    public void A_body_that_does_not_fit_any_more_keeps_what_it_has()
    {
        var budget = new BodyBudget(2 * Large);
        using var buffer = new BodyBuffer(budget);
        Assert.True(buffer.TryEnlarge(Large));
        buffer.Free.Span[0] = 17;
        buffer.Advance(1);
        Assert.False(buffer.TryEnlarge(2 * Large));
        Assert.Equal(17, buffer.Bytes.Span[0]);
        Assert.Equal(Large, budget.Taken);
    }
}
