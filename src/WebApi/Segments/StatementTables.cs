namespace Bayou.Segments;

/// <summary>
/// How many segments one statement reads. It locks each table and index that it names, for which there is only so much room, and takes long to plan where it
/// names many; what is looked for is mostly in the first.
/// </summary>
internal static class StatementTables
{
    public const int First = 3; // both that are hot, and the one that was last closed

    public const int Most = 32;

    public static int After(int tables) => Math.Min(tables * 3, Most);
}
