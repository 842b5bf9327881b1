using Bayou.Access;
using Bayou.Http;
using Bayou.Projects;

namespace Bayou.Jobs;

/// <summary>Whose jobs a request is about: a project's, or Bayou's own, which only owners see.</summary>
internal static class JobScope
{
    /// <summary>What <c>project_id</c> is where a row belongs to no project.</summary>
    public const int System = 0;

    public static (string Name, string Meaning) Parameter { get; } = ("scope", "project, or system for Bayou's own, which belong to no project; for owners.");

    public static int Of(HttpContext http, QueryReader query)
    {
        if (query.Choice("scope", "project", "system") == "project")
        {
            return query.Project;
        }

        if (!http.Caller()!.IsOwner)
        {
            query.Fail("scope", "may be system for owners alone");
        }

        return System;
    }

    /// <summary>Those in which one thing, named by its id, may be.</summary>
    public static int[] All(HttpContext http) => http.Caller()!.IsOwner ? [http.Project(), System] : [http.Project()];
}
