using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Bayou.Audit;
using Bayou.Metrics;
using Npgsql;
using Orleans;

namespace Bayou.Access;

/// <summary>The audit log, given to another role as docs/operations.md says, is only added to by the program.</summary>
public sealed partial class AuditOwnerTests
{
    private static CancellationToken Ct => BayouServer.Ct;

    [Fact]
    public async Task The_programs_own_role_adds_rows_and_changes_none()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var super = NpgsqlDataSource.Create(database.Url);
        var (role, owner) = ($"bayou_{Guid.NewGuid():N}", $"bayou_audit_{Guid.NewGuid():N}");
        var name = new NpgsqlConnectionStringBuilder(database.Url).Database;
        await RunAsync(super, $"CREATE ROLE {role} LOGIN PASSWORD 'bayou'; ALTER DATABASE {name} OWNER TO {role}; GRANT ALL ON SCHEMA public TO {role}");
        var url = new NpgsqlConnectionStringBuilder(database.Url) { Username = role, Password = "bayou" }.ConnectionString;
        try
        {
            await using (var server = await BayouServer.StartAsync(database, ("BAYOU_DATABASE_URL", url)))
            {
                var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "operations.md"), Ct);
                var sql = Snippet().Match(text[text.IndexOf("**Who may change the audit log.**", StringComparison.Ordinal)..]).Groups[1].Value;
                sql = sql.Replace("bayou_audit", owner, StringComparison.Ordinal).Replace("TO bayou;", $"TO {role};", StringComparison.Ordinal);
                await RunAsync(super, sql);

                var olga = new { name = "Olga", email = "olga@example.com", password = People.Password };
                await People.DataAsync(server.Http.PostAsJsonAsync("/auth/first", olga, Ct));
                await using var program = NpgsqlDataSource.Create(url);
                foreach (var change in (string[])
                [
                    "UPDATE audit SET actor = 'nobody'", "DELETE FROM audit", "TRUNCATE audit", "ALTER TABLE audit DISABLE TRIGGER ALL",
                    "DROP TABLE audit CASCADE",
                    "CREATE OR REPLACE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
                    "SET session_replication_role = replica",
                ])
                {
                    var refused = await Assert.ThrowsAsync<PostgresException>(() => RunAsync(program, change));
                    Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
                }

                var (rows, wrong, _) = await AuditLog.VerifyAsync(program, Ct);
                Assert.Equal((2L, null), (rows, wrong));
                await RunAsync(super, """
                    ALTER TABLE audit DISABLE TRIGGER ALL; UPDATE audit SET time = now() - interval '2 years' WHERE id = 1; ALTER TABLE audit ENABLE TRIGGER ALL
                    """);
                await server.Get<IGrainFactory>().GetGrain<IMetricsCleanupGrain>(IMetricsCleanupGrain.Key).RunAsync(Ct);
                Assert.Equal(1L, (await AuditLog.VerifyAsync(program, Ct)).Rows);
            }
        }
        finally
        {
            NpgsqlConnection.ClearAllPools();
            await RunAsync(super, $"""
                DO $$ DECLARE one text; BEGIN
                    FOR one IN SELECT rolname FROM pg_roles WHERE rolname IN ('{role}', '{owner}') LOOP
                        EXECUTE format('REASSIGN OWNED BY %1$I TO CURRENT_USER; DROP OWNED BY %1$I; DROP ROLE %1$I', one);
                    END LOOP;
                END $$
                """);
        }
    }

    private static async Task RunAsync(NpgsqlDataSource db, string sql)
    {
        await using var command = db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }

    [GeneratedRegex("```sql\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Snippet();
}
