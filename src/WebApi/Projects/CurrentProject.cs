using Bayou.Access;

namespace Bayou.Projects;

/// <summary>The project that a scope of services is for: a request's, once the gate knows who calls.</summary>
internal sealed class CurrentProject
{
    private int? _id;

    /// <exception cref="InvalidOperationException">None was chosen: there is no default here, lest one project's rows are read for another.</exception>
    public int Id
    {
        get => _id ?? throw new InvalidOperationException("No project was chosen for this scope.");
        set => _id = value;
    }
}

internal static class ProjectExtensions
{
    /// <summary>The project that a request is about; the gate has made sure that the caller may see it.</summary>
    public static int Project(this HttpContext http) =>
        http.Caller()?.Project ?? throw new InvalidOperationException("Nobody who has a project calls.");
}
