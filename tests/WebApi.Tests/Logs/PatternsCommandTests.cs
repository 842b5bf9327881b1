namespace Bayou.Logs;

public sealed class PatternsCommandTests
{
    [Fact]
    public void Each_line_has_the_number_and_the_template_that_its_pattern_has_at_the_end()
    {
        var (output, summary) = (new StringWriter(), new StringWriter());
        PatternsCommand.Run(new StringReader("closed for user ann\nclosed for user bob\r\n\nslot 17\nclosed for user cid\n"), output, summary);
        Assert.Equal("1\tclosed for user <*>\n1\tclosed for user <*>\n3\t\n4\tslot <*>\n1\tclosed for user <*>\n", output.ToString());
        Assert.StartsWith("5 lines, 3 patterns, ", summary.ToString(), StringComparison.Ordinal);
    }
}
