using Bayou.Database;
using Bayou.Feeds;
using Bayou.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Bayou.Users;

/// <summary>The people whom a project knows.</summary>
internal static class UserList
{
    public static QuerySpec Spec { get; } = new(ListQuery.Parameters,
    [
        new("id", "w.id", FieldType.Integer), new("name", "w.name", FieldType.Text), new("age", "w.age", FieldType.Integer),
        new("email", "w.email", FieldType.Text), new("role", UserStore.Role, FieldType.Text), new("created_at", "w.created_at", FieldType.Time),
        new("updated_at", "w.updated_at", FieldType.Time), new("disabled_at", "w.disabled_at", FieldType.Time),
        new("last_sign_in_at", "w.last_sign_in_at", FieldType.Time),
    ]);

    public static async Task<Results<ApiResult<IEnumerable<User>, ListMetadata>, ApiProblem>> GetAsync(
        HttpContext http, [FromKeyedServices(DatabasePool.Reads)] NpgsqlDataSource db, TimeProvider time, CancellationToken ct)
    {
        var query = new QueryReader(http, Spec);
        var filter = new FilterSql();
        var project = filter.Parameter(query.Project); // $1, in all statements
        var known = UserStore.IsKnownIn(project);
        filter.AddSql($"w.deleted_at IS NULL AND {known}");
        var list = new ListQuery(query, Spec, filter, "w.id DESC", "w.name || ' ' || coalesce(w.email, '')");
        if (query.Problem is { } problem)
        {
            return problem;
        }

        if (list.After is { } after)
        {
            var feed = new TableFeed<User>(
                token => EndAsync(db, query.Project, token), (_, most, token) => RowsAsync(db, filter, "w.id", most, 0, token), row => row.Id, time);
            return await Feed.PageAsync<User, ListMetadata>(feed, after, list.Limit, ct);
        }

        var (newest, _) = await EndAsync(db, query.Project, ct);
        var rows = await RowsAsync(db, filter, list.OrderBy, list.Limit, list.Offset, ct);
        var count = await ListQuery.CountAsync(db, UserStore.From(project), filter, ct);
        return new ApiResult<IEnumerable<User>, ListMetadata>(rows, ListMetadata.Of(list, count, newest));
    }

    private static async Task<List<User>> RowsAsync(NpgsqlDataSource db, FilterSql filter, string orderBy, int limit, long offset, CancellationToken ct)
    {
        await using var command = db.CreateCommand(
            $"SELECT {UserStore.Columns} {UserStore.From("$1")} WHERE {filter.Where} ORDER BY {orderBy} LIMIT {limit} OFFSET {offset}");
        filter.Bind(command.Parameters);
        var rows = new List<User>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            rows.Add(await UserStore.ReadAsync(reader, ct));
        }

        return rows;
    }

    /// <summary>People are made one at a time, so their ids become visible in order.</summary>
    private static async Task<FeedEnd> EndAsync(NpgsqlDataSource db, int project, CancellationToken ct)
    {
        await using var command = db.CreateCommand($"""
            SELECT coalesce((SELECT max(w.id) {UserStore.From("$1")} WHERE {UserStore.IsKnownIn("$1")}), 0)::bigint, (SELECT last_value FROM users_id_seq)
            """);
        command.With(project);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new(reader.GetInt64(0), reader.GetInt64(1));
    }
}
