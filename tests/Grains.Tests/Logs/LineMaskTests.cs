namespace Bayou.Logs;

public sealed class LineMaskTests
{
    [Theory]
    [InlineData("Connected in 12 ms", "Connected in <*>")]
    [InlineData("Connected in 12ms", "Connected in <*>")]
    [InlineData("took 1.5 s", "took <*> s")]
    [InlineData("lifetime <1 sec", "lifetime <*>")]
    [InlineData("lifetime 00:02", "lifetime <*>")]
    [InlineData("1190 bytes (1.16 KB) sent", "<*> bytes sent")]
    [InlineData("size 5.2 KB, free 317.5 MB)", "size <*>, free <*>)")]
    [InlineData("from 10.0.0.7:5432 to /10.0.0.8:80", "from <*> to <*>")]
    [InlineData("blk_-160899 and blk_38865", "blk_<*> and blk_<*>")]
    [InlineData("task_200811092030_0001_m_000590", "task_<*>_m_<*>")]
    [InlineData("step:1514038530000##14##0", "step:<*>")]
    [InlineData("id 0x14f05578bd8000a, req-38101a0b-2096-447d-96ea-a692162415ae", "id <*>, req-<*>")]
    [InlineData("commit 9fceb02d0ae598e95dc970b74767f19372d61af8", "commit <*>")]
    [InlineData("deadbeef facade", "deadbeef facade")]
    [InlineData("v2", "v<*>")]
    [InlineData("read /var/lib/data/x-1.db failed", "read <*> failed")]
    [InlineData("GET \"/v2/servers?limit=1\" HTTP/1.1", "GET \"<*>\" HTTP/<*>")]
    [InlineData("and/or", "and/or")]
    [InlineData("see https://bayou.example/a?b=c for more", "see <*> for more")]
    [InlineData("mail to ann.lee@mail.example.com bounced", "mail to <*> bounced")]
    [InlineData("host ns1.example.com is up", "host <*> is up")]
    [InlineData("host example.com is up, main.c is not", "host <*> is up, <*> is not")]
    [InlineData("rhost=lns-vlq-45.adsl.proxad.net user", "rhost=<*> user")]
    [InlineData("at Fri Jun 17 07:07:00 2005", "at <*>")]
    [InlineData("at Friday, June 17", "at <*>")]
    [InlineData("System.IO.IOException: gone", "System.IO.IOException: gone")]
    [InlineData("from 1.2.3.4 () at noon", "from <*> at noon")]
    [InlineData("clear()", "clear()")]
    [InlineData("delete blk_1 blk_2 blk_-3", "delete blk_<*>")]
    [InlineData("  two   blanks\there ", "two blanks here")]
    [InlineData("first line\nsecond", "first line")]
    [InlineData("open \"a file\" and 'another one', don't", "open \"<*>\" and '<*>', don't")]
    [InlineData("GET \"GET /v1/a b\" is no value whole", "GET \"GET <*>\" is no value whole")]
    [InlineData("state \"FAILED\" is not \"DONE\"", "state \"FAILED\" is not \"DONE\"")]
    [InlineData("name=\"two words\" x=", "name=\"<*>\" x=")]
    [InlineData("groups: wheel, adm, backup-2 of 3", "groups: <*> of <*>")]
    [InlineData("copied C:\\Program Files\\Foo Bar\\x.dll to \\\\host\\share", "copied <*> to <*>")]
    [InlineData("chrome.exe - example.com:443 close", "<*> - <*> close")]
    [InlineData("chrome.exe *64 - started at 12:00 [7], once", "<*> - started at <*> once")]
    [InlineData("user.name=ann user.log=1", "user.name=ann user.log=<*>")]
    [InlineData("jA9K0UvC012345: to=x", "<*>: to=x")]
    [InlineData("from any [Node_B7] of rack-c12", "from any [Node_<*>] of rack-<*>")]
    [InlineData("conn \u001b[1mrefused\u001b[0m by \u001b[31mhost", "conn refused by host")]
    [InlineData("a\0b\u0001c", "a b c")]
    [InlineData("", "")]
    [InlineData("-", "-")]
    [InlineData("...", "...")]
    [InlineData("/", "/")]
    [InlineData("+-*/", "+-*/")]
    [InlineData("=()[]", "=()[]")]
    public void What_varies_is_masked(string line, string masked) => Assert.Equal(masked, Mask(line));

    [Fact]
    public void However_odd_a_line_is_there_is_room_for_it()
    {
        var random = new Random(1);
        const string Odd = "()[]{}=/\\.,:;-+_#@'\"<>|%$~ \t\n01aFx\0éß漢😀";
        for (var i = 0; i < 20_000; i++)
        {
            var line = string.Create(random.Next(200), random, (text, r) =>
            {
                for (var at = 0; at < text.Length; at++)
                {
                    text[at] = Odd[r.Next(Odd.Length)];
                }
            });
            Mask(line);
        }

        Assert.True(Mask(new string('(', 100_000)).Length <= 2 * LineMask.Longest);
        Assert.True(Mask(string.Concat(Enumerable.Repeat("() ", 100_000))).Length <= 2 * LineMask.Longest);
    }

    private static string Mask(string line)
    {
        var output = new char[LineMask.Room];
        return new string(output, 0, LineMask.Mask(line, output)).Replace($"{LineMask.Variable}", "<*>", StringComparison.Ordinal);
    }
}
