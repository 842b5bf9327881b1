using Bayou.Cluster;

namespace Bayou.Jobs;

public sealed class JobReportTests(JobHost host) : IClassFixture<JobHost>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_loop_has_a_job_for_each_minute_in_which_it_did_something()
    {
        var time = new ManualTime();
        var report = new JobReport(host.Db, new NodeIdentity(Guid.NewGuid(), "here", NodeRoles.Silo), time, new("test.loop", "Loops."));
        for (var second = 0; second < 150; second += 10)
        {
            await report.RunAsync(() => Task.FromResult(second < 60 ? 2 : 0), Ct);
            time.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Equal("12 6 succeeded 0", await host.ScalarAsync<string>("""
            SELECT string_agg(concat_ws(' ', result ->> 'done', result ->> 'runs', status, project_id), '|') FROM job_history WHERE type = 'test.loop'
            """));
    }
}
