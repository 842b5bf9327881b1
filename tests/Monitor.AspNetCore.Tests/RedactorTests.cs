using Bayou.Monitor.Capture;

namespace Bayou.Monitor;

/// <summary>What is secret never leaves the process, wherever it is and however it is written; all else does as it is.</summary>
public sealed class RedactorTests
{
    private const string Jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

    [Theory]
    [InlineData("""{"password":"CANARY"}""")]
    [InlineData("""{"user":{"newPassword" : "CANARY", "name":"a"}}""")]
    [InlineData("""{"a":[{"api_key":"CANARY"}]}""")]
    [InlineData("""{"\u0070assword":"CANARY"}""")]
    [InlineData("""{"accessToken":{"value":"CANARY","type":"x"}}""")]
    [InlineData("""{"cookies":["CANARY","b"]}""")]
    [InlineData("""{"inner":"{\"client_secret\":\"CANARY\"}"}""")]
    [InlineData("""{"message":"login with password=CANARY failed"}""")]
    [InlineData("""{"message":"password: \"CANARY and more\" was wrong"}""")]
    [InlineData("""{"form":"user=a&pwd=CANARY&x=1"}""")]
    [InlineData("""{"a":1,"password":"CANARY""")] // cut off
    [InlineData("""{"a":1,"tokens":{"refresh_token":["CANA""")]
    [InlineData("""{"a":1}\n{"secret":"CANARY"}""")]
    [InlineData("""{"a":1,"cookies":["CANARY","b""")]
    [InlineData("""{"a":1,"credentials":{"user":"CANARY","x":[1,2],"y":"b""")]
    [InlineData("""{"env":[{"name":"DB_PASSWORD","value":"CANARY"}]}""")]
    [InlineData("""{"PHPSESSID":"CANARY","x":1}""")]
    [InlineData("\"password\": CANARY")]
    [InlineData("headers: \"X-Api-Key\":[\"CANARY\"]")]
    [InlineData("said \"password\":\"ab\\\"CANARY\"")]
    [InlineData("Authorization: Negotiate CANARY")]
    [InlineData("password=sk-abcdefghijklmnopqrstuvwxyz!CANARY")]
    [InlineData("<password><![CDATA[CANARY]]></password>")]
    [InlineData("<password\n  a=\"b\">CANARY</password>")]
    [InlineData("to /login?ReturnUrl=%2Freset%3Ftoken%3DCANARY")]
    [InlineData("AccountName=a;AccountKey=CANARY")]
    [InlineData("""{"Authorization":"Bearer CANARY"}""")]
    [InlineData("password=CANARY")]
    [InlineData("System.Exception: password=CANARY was wrong")]
    [InlineData("a=b:secret=CANARY")]
    [InlineData("user=a\npassword = 'CANARY x'\n")]
    [InlineData("Authorization: Bearer CANARY")]
    [InlineData("Cookie: a=1; session=CANARY")]
    [InlineData("<login><Password>CANARY</Password></login>")]
    [InlineData("<wsse:Password Type=\"text\">CANARY</wsse:Password>")]
    [InlineData("https://user:CANARY@example.com/")]
    [InlineData("not json { \"password\": \"CANARY\" ")]
    public void A_secret_in_a_body_is_taken_out(string body)
    {
        var left = Redactor.Default.Body(body, "application/json");
        Assert.DoesNotContain("CANA", left, StringComparison.Ordinal);
        Assert.True(Redactor.IsMarked(left), left);
    }

    [Theory]
    [InlineData("username=a&password=CANARY&x=1", "username=a&password=[redacted 6]&x=1")]
    [InlineData("pass%77ord=CANARY", "pass%77ord=[redacted 6]")]
    [InlineData("user%5Bpassword%5D=CAN%41RY", "user%5Bpassword%5D=[redacted 6]")]
    [InlineData("token=&page_token=abc&q=a+b%20c", "token=&page_token=abc&q=a+b%20c")]
    public void Forms_and_queries_lose_their_secrets_alone(string form, string left)
    {
        Assert.Equal(left, Redactor.Default.Body(form, "application/x-www-form-urlencoded"));
        Assert.Equal(left, Redactor.Default.Query(form));
    }

    [Fact]
    public void A_cookie_with_a_token_in_it_is_taken_out_whole() =>
        Assert.Matches(@"^Cookie: \[redacted \d+\]$", Redactor.Default.Text($"Cookie: a={Jwt}; b=1"));

    [Fact]
    public void A_form_of_many_parts_without_heads_takes_no_time()
    {
        var body = $"{string.Concat(Enumerable.Repeat("name=", 20_000))}\n{string.Concat(Enumerable.Repeat("a\n", 20_000))}";
        Assert.Equal(body, Redactor.Default.Body(body, "multipart/x"));
    }

    [Theory]
    [InlineData("4111111111111111 12/27", "[redacted 16] 12/27")]
    [InlineData("4111 1111 1111 1111 123", "[redacted 19] 123")]
    [InlineData("23 4111 1111 1111 1111", "23 [redacted 19]")]
    [InlineData("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18", null)]
    [InlineData("20240115103002", null)]
    [InlineData("Basic Subscription, Bearer authentication", null)]
    public void Of_digits_a_card_alone_is_one(string text, string? left) => Assert.Equal(left ?? text, Redactor.Default.Body(text, "text/plain"));

    [Fact]
    public void A_form_in_parts_loses_its_secrets_alone()
    {
        const string Body =
            "--b\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nann\r\n--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n"
                + "CANARY\r\n--b--\r\n";
        Assert.Equal(Body.Replace("CANARY", "[redacted 6]", StringComparison.Ordinal), Redactor.Default.Body(Body, "multipart/form-data; boundary=b"));
    }

    [Theory]
    [InlineData(Jwt)]
    [InlineData("4111111111111111")]
    [InlineData("4111 1111 1111 1111")]
    [InlineData("5500-0000-0000-0004")]
    [InlineData("DE89 3704 0044 0532 0130 00")]
    [InlineData("AKIAIOSFODNN7EXAMPLE")]
    [InlineData("ghp_abcdefghijklmnopqrstuvwxyz0123456789")]
    [InlineData("sk_live_abcdefghijklmnopqrstuv")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----")]
    public void What_looks_like_a_secret_is_taken_out_wherever_it_is(string secret)
    {
        var escaped = secret.Replace("\n", "\\n", StringComparison.Ordinal);
        foreach (var left in (string[])[
            Redactor.Default.Body($"{{\"note\":\"see {escaped} there\"}}", null), Redactor.Default.Body($"see {secret} there", "text/plain"),
            Redactor.Default.Query($"q={Uri.EscapeDataString(secret)}"), Redactor.Default.Header("x-note", secret),
            Redactor.Default.Path($"/a/{Uri.EscapeDataString(secret)}/b", null)])
        {
            Assert.DoesNotContain(secret, Uri.UnescapeDataString(left), StringComparison.Ordinal);
            Assert.DoesNotContain(escaped, left, StringComparison.Ordinal);
            Assert.True(Redactor.IsMarked(left), left);
        }
    }

    [Fact]
    public void The_number_of_a_card_is_one_as_a_number_too() =>
        Assert.Equal("""{"n":"[redacted 16]","id":1700000000000000}""", Redactor.Default.Body("""{"n":4111111111111111,"id":1700000000000000}""", null));

    [Theory]
    [InlineData("""{ "b" : 1.50, "a":[ 1e2 , "ü\u00fc" ],"max_tokens":100, "password":null,"is_password_set":true, "token":"" }""")]
    [InlineData("""{"id":"550e8400-e29b-41d4-a716-446655440000","time":"2026-11-29T00:00:00Z","phone":"+49 170 1234567","n":12345678901234567890}""")]
    [InlineData("""{"access":"public","session":{"id":7},"passwordPolicy":{"length":8},"secretary":"Ann","token_type":"x","total_tokens":17}""")]
    [InlineData("Total: 17 of 20 items; author: Ann, keyboard: yes, sessions=3")]
    [InlineData("SELECT * FROM orders WHERE id = 1234567890123")]
    public void All_else_stays_as_it_is_byte_for_byte(string body) => Assert.Equal(body, Redactor.Default.Body(body, null));

    [Fact]
    public void A_part_of_a_path_is_secret_by_its_name_in_the_route()
    {
        Assert.Equal("/invites/[redacted 6]/accept", Redactor.Default.Path("/invites/CANARY/accept", "/invites/{token}/accept"));
        Assert.Equal("/token/[redacted 20]", Redactor.Default.Path("/token/a1b2c3d4e5f6g7h8i9j0", null));
        Assert.Equal("/shop/reset/[redacted 6]", Redactor.Default.Path("/shop/reset/CANARY", "/reset/{token}"));
        Assert.Equal("/reset/[redacted 6]/", Redactor.Default.Path("/reset/CANARY/", "reset/:token"));
        Assert.Equal("/reset/[redacted 6]", Redactor.Default.Path("/reset/CANARY", "/reset/<str:token>"));
        Assert.Equal("/orders/17/items", Redactor.Default.Path("/orders/17/items", "/orders/{id}/items"));
    }

    [Theory]
    [InlineData("login of ann failed, password=CANARY", "login of ann failed, password=[redacted 6]")]
    [InlineData("env DB_PASSWORD: 'CANARY 1'", "env DB_PASSWORD: [redacted 10]")]
    [InlineData("GET / Authorization: Bearer CANARY-of-a-token", "GET / Authorization: Bearer [redacted 17]")]
    [InlineData("connect to postgres://app:CANARY@db/shop", "connect to postgres://[redacted 10]@db/shop")]
    [InlineData("GET /reset?token=9f8e7d6c", "GET /reset?token=[redacted 8]")]
    [InlineData("paid with 4111 1111 1111 1111", "paid with [redacted 19]")]
    [InlineData("Unexpected token: foo at 7", null)]
    [InlineData("session: opened for user root by auth: none", null)]
    [InlineData("Accepted password for root from 10.0.0.1 port 22 ssh2", null)]
    [InlineData("job 1700000000000000 took 12 ms", null)]
    public void A_line_loses_what_is_secret_beyond_doubt(string line, string? left) => Assert.Equal(left ?? line, Redactor.Line(line));

    [Fact]
    public void What_is_secret_here_alone_can_be_said()
    {
        var redactor = new Redactor(["taxNo"], ["$.customer.emails[*].address"], (name, value) => name == "nick" ? null : value);
        Assert.Equal(
            """{"tax_no":"[redacted 2]","customer":{"emails":[{"address":"[redacted 3]","kind":"a@b"}]},"nick":"[redacted 2]"}""",
            redactor.Body("""{"tax_no":17,"customer":{"emails":[{"address":"a@b","kind":"a@b"}]},"nick":"jo"}""", null));
        Assert.Equal("[redacted 1]", redactor.Header("Tax-No", "1"));
    }

    [Fact]
    public void A_rule_that_fails_lets_nothing_through()
    {
        var redactor = new Redactor([], [], (_, _) => throw new InvalidOperationException());
        Assert.Equal("""{"a":"[redacted 1]"}""", redactor.Body("""{"a":"b"}""", null));
    }

    [Fact]
    public void What_one_body_lost_others_lose_too()
    {
        var like = Redactor.Like("""{"customer":{"email":"[redacted 9]"}}""");
        Assert.Equal("""{"email":"[redacted 3]","x":"y"}""", like.Body("""{"email":"a@b","x":"y"}""", null));
    }

    [Fact]
    public void What_was_taken_out_stays_as_it_is_the_second_time()
    {
        const string Body = """{"password":"secret","note":"Bearer abcdefghijklmnop","n":4111111111111111,"l":"pwd=x1, token: y2"}""";
        var once = Redactor.Default.Body(Body, null);
        Assert.Equal(once, Redactor.Default.Body(once, null));
        var query = Redactor.Default.Query("api_key=abc&q=Bearer%20abcdefghijklmnop");
        Assert.Equal(query, Redactor.Default.Query(query));
        Assert.Equal(Redactor.Default.Header("cookie", "a=b; c=d"), Redactor.Default.Header("cookie", Redactor.Default.Header("cookie", "a=b; c=d")));
    }

    [Fact]
    public void Deep_and_broken_JSON_is_no_trouble()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 5_000)) + "\"password=CANARY\"";
        Assert.DoesNotContain("CANARY", Redactor.Default.Body(deep, "application/json"), StringComparison.Ordinal);
        Assert.Equal("{\"a\":\"\\ud800\"}", Redactor.Default.Body("{\"a\":\"\\ud800\"}", null));
    }
}
