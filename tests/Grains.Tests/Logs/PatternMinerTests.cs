using System.Globalization;

namespace Bayou.Logs;

public sealed class PatternMinerTests
{
    [Fact]
    public void Lines_of_one_statement_have_one_pattern()
    {
        var miner = new LocalPatterns();
        var first = miner.Add("Received block blk_17 of size 67108864 from /10.0.0.1");
        Assert.Equal(first, miner.Add("Received block blk_-9 of size 3 from /10.9.9.9"));
        Assert.Equal("Received block blk_<*> of size <*> from <*>", miner.Template(first));
        Assert.NotEqual(first, miner.Add("Deleting block blk_17 of size 67108864 from /10.0.0.1"));
    }

    [Fact]
    public void A_word_becomes_variable_when_enough_lines_differ_in_it_and_the_pattern_keeps_its_number()
    {
        var miner = new LocalPatterns();
        var ids = Array.ConvertAll(["ann", "bob", "cid"], user => miner.Add($"session opened for user {user} by root"));
        Assert.Equal([ids[0]], ids.Select(miner.Resolve).Distinct());
        Assert.Equal(ids[0], miner.Add("session opened for user dan by root"));
        Assert.Equal("session opened for user <*> by root", miner.Template(ids[2]));
    }

    [Fact]
    public void What_a_pattern_has_learned_it_does_not_forget()
    {
        var miner = new LocalPatterns();
        string[] names = ["ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal"];
        string[] states = ["started", "stopped", "failed", "paused", "resumed", "queued", "dropped", "retried", "finished"];
        var first = miner.Add("job ann started");
        foreach (var name in names)
        {
            miner.Add($"job {name} started");
        }

        foreach (var state in states)
        {
            miner.Add($"job ann {state}");
        }

        Assert.Equal("job <*> <*>", miner.Template(first));
        Assert.Equal(first, miner.Add("job zoe vanished"));
    }

    [Fact]
    public void States_stay_apart()
    {
        var miner = new LocalPatterns();
        Assert.Equal(4,
            ((string[])["Started", "Paused", "Resumed", "Stopped"]).Select(state => miner.Add($"[instance: 1] VM {state} (Lifecycle Event)")).Distinct()
            .Count());
        Assert.Equal(2, ((string[])["Accepted", "Failed"]).Select(how => miner.Add($"{how} password")).Distinct().Count());
        Assert.Equal(3, ((string[])["cron", "ssh", "cups"]).Select(what => miner.Add($"{what} startup succeeded")).Distinct().Count());
    }

    [Fact]
    public void Values_that_vary_together_are_found_together()
    {
        var miner = new LocalPatterns();
        string[] lines = ["acquire tag=\"RILJ\", name=com.android.phone, ws=null", "acquire tag=\"Job\", name=com.mail, ws=Work",
            "acquire tag=\"A\", name=system, ws=B", "acquire tag=\"C\", name=x, ws=null", "acquire tag=\"D\", name=y, ws=E"];
        var ids = Array.ConvertAll(lines, line => miner.Add(line));
        Assert.Single(ids.Select(miner.Resolve).Distinct());
        Assert.Equal("acquire tag=<*>, name=<*>, ws=<*>", miner.Template(ids[0]));
    }

    [Fact]
    public void The_same_lines_in_the_same_order_give_the_same_numbers()
    {
        var random = new Random(7);
        var lines = Enumerable.Range(0, 5_000)
            .Select(_ => $"{(char)('a' + random.Next(5))} user {(char)('a' + random.Next(20))} did {random.Next(9)} of {(char)('k' + random.Next(12))}")
            .ToList();
        Assert.Equal(Numbers(), Numbers());

        List<int> Numbers()
        {
            var miner = new LocalPatterns();
            var ids = lines.ConvertAll(line => miner.Add(line));
            return ids.ConvertAll(miner.Resolve);
        }
    }

    [Fact]
    public void Lines_without_end_or_sense_stay_within_bounds()
    {
        var miner = new LocalPatterns(most: 100);
        var random = new Random(3);
        for (var i = 0; i < 50_000; i++)
        {
            var length = random.Next(1, 12);
            var line = string.Join(' ', Enumerable.Range(0, length).Select(_ => $"w{(char)('a' + random.Next(26))}{(char)('a' + random.Next(26))}"));
            Assert.InRange(miner.Add(line), 0, miner.Count);
        }

        Assert.True(miner.Count <= 100);
        Assert.Equal("<*>", miner.Template(LocalPatterns.Other));
    }

    [Theory]
    [InlineData("opened file \"{0}\" for reading", "a", "my report", "the third big report", "one two three four")]
    [InlineData("tenant name=\"{0}\" joined", "acme", "two words", "a third of them", "x")]
    [InlineData("{{\"level\":\"info\",\"msg\":\"payment failed\",\"user\":\"{0}\"}}", "bob", "ann lee", "a b c", "")]
    [InlineData("time=12:00 level=info msg=\"cache miss\" key={0}", "a", "b-7", "\"c d\"", "9")]
    [InlineData("members are {0} now", "a, b, c", "alpha, beta, gamma, delta", "x, y, z", "k, l, m, n, o")]
    [InlineData("copied {0} to the share", @"C:\a.txt", @"C:\Program Files\App One\b.dll", @"D:\c", @"\\nas\x y\z.doc")]
    [InlineData("package {0} installed", "Package_for_KB123~31bf~amd64~~6.1", "Package_for_KB4~77ab~amd64~~1", "Package_for_KB9~31bf~amd64~~6",
        "Package_for_KB5~1~amd64~~2")]
    [InlineData("{0}: removed", "jA9K0UvC012345", "kB1x2Y3Z", "qW12er34ty", "j1A2b3C4d5")]
    public void However_many_words_a_value_has_it_is_one(string line, params string[] values)
    {
        var miner = new LocalPatterns();
        Assert.Single(values.Select(value => miner.Add(string.Format(CultureInfo.InvariantCulture, line, value))).Distinct());
    }

    [Theory]
    [InlineData(
        "Unhandled exception\nSystem.TimeoutException: took 12 ms\n   at Shop.Pay(Order o) in /src/Pay.cs:line 7\n   at Shop.Main()",
        "Unhandled exception System.TimeoutException: took <*> at Shop.Pay")]
    [InlineData("Traceback (most recent call last):\n  File \"a.py\", line 3, in main\n    f()\n  File \"b.py\", line 9, in f\n    x\nValueError: no 7 here",
        "ValueError: no <*> here at f")]
    [InlineData("java.io.IOException: gone\n\tat org.example.A.b(A.java:7)\n\tat org.example.C.d(C.java:9)", "java.io.IOException: gone at org.example.A.b")]
    [InlineData("panic: nil map\n\ngoroutine 7 [running]:\nmain.store(0xc000)\n\t/src/main.go:12", "panic: nil map at main.store")]
    [InlineData("TypeError: x is not a function\n    at handle (/srv/app.js:7:1)\n    at main (/srv/app.js:9:1)", "TypeError: x is not a function at handle")]
    [InlineData("{\n  \"name\": \"x\",\n  \"deep\": { \"a\": 1 },\n  \"message\": \"order 7 lost\"\n}", "{name deep message} order <*> lost")]
    [InlineData("-----\nReport of 7\nmore", "Report of <*>")]
    public void What_has_several_lines_is_known_by_what_they_say(string message, string template)
    {
        var miner = new LocalPatterns();
        Assert.Equal(template, miner.Template(miner.Add(message)));
    }

    [Fact]
    public void A_pattern_of_an_earlier_version_keeps_its_number()
    {
        var book = new PatternBook();
        book.Put(7, $"opened file \"{LineMask.Variable} report\" ({LineMask.Variable}) for reading");
        Span<char> masked = stackalloc char[LineMask.Room];
        Assert.Equal(7, book.Find(masked[..LineMask.Mask("opened file \"third report\" (12) for reading", masked)]));
    }
}
