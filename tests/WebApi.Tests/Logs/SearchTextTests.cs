namespace Bayou.Logs;

public sealed class SearchTextTests
{
    [Theory]
    [InlineData("two +words be*", "two|be*", "", "", "words")]
    [InlineData("\"quoted phrase\" word", "word", "", "", "quoted phrase")]
    [InlineData("-not -\"such phrase\" but", "but", "not|such phrase", "")]
    [InlineData("source:API level:error -service:shop", "", "", "source=API|level=error|!service=shop")]
    [InlineData("SOURCE:\"two words\"", "", "", "source=two words")]
    [InlineData("http://host:80/path 12:30", "http://host:80/path|12:30", "", "")]
    [InlineData("\"left open", "", "", "", "left open")]
    [InlineData("say\"what\"", "say\"what\"", "", "")]
    [InlineData("\"source:API\" + +", "+|+", "", "", "source:API")]
    [InlineData("- -- level:", "-|level:", "-", "")]
    [InlineData("  \t ", "", "", "")]
    [InlineData("\"\"", "", "", "")]
    public void A_search_is_words_phrases_and_fields(string text, string words, string excluded, string terms, string required = "")
    {
        var search = SearchText.Parse(text);
        Assert.Equal(words, string.Join('|', search.Words));
        Assert.Equal(required, string.Join('|', search.Required));
        Assert.Equal(excluded, string.Join('|', search.Excluded));
        Assert.Equal(terms, string.Join('|', search.Terms.Select(term => $"{(term.IsNegated ? "!" : "")}{term.Field}={term.Value}")));
    }
}
