using System.Text.Json;
using Bayou.Http;

namespace Bayou.Ingest;

/// <summary>What a field must be.</summary>
[Flags]
internal enum FieldRule
{
    /// <summary>What cannot be used of it is left out, and the item kept.</summary>
    Optional = 0,

    /// <summary>An item without it is refused.</summary>
    Present = 1,

    /// <summary>An item with one that cannot be used is refused.</summary>
    Right = 2,

    Required = Present | Right,
}

/// <summary>A field of an item, by its name in JSON.</summary>
internal readonly record struct ItemField(string Name, FieldRule Rule = FieldRule.Optional);

/// <summary>Reads items of one kind into a batch.</summary>
internal abstract class ItemReader<TBatch>(ItemField[] fields) : ItemReader(fields)
{
    /// <summary>Texts that were too long to be kept whole; null for a kind whose texts are never cut.</summary>
    public virtual int? Cut => null;

    /// <summary>Adds the item to the batch, or says what is wrong with it and which field has it.</summary>
    public abstract FieldError? Add(ReadOnlySpan<byte> item, TBatch batch);
}

/// <summary>
/// Reads items field by field, with the framework's UTF-8 reader, without a document between. What is wrong with an item is said
/// in the same words whatever its kind. Unless a field is required, null, empty and <c>-</c> mean that there is none.
/// </summary>
/// <param name="fields">All that are known; a reader calls each by its place here.</param>
internal abstract class ItemReader(ItemField[] fields)
{
    private const int MaxDepth = 64; // as Utf8JsonReader has it
    private const int LongestName = 64; // of a field, in an error
    private const string Item = "item"; // In an error: no field of it, but itself.

    private string _field = "";

    /// <summary>What is wrong with optional fields of the item that was read last: each is left out.</summary>
    public List<FieldError> Warnings { get; } = [];

    /// <summary>Reads the item field by field, or says what is wrong with it.</summary>
    public FieldError? Read(ReadOnlySpan<byte> item)
    {
        _field = "";
        Warnings.Clear();
        Begin();
        try
        {
            return Fill(item) ?? Check(item);
        }
        catch (JsonException e)
        {
            return new(_field.Length > 0 ? _field : Item, $"is not valid JSON, or has more than {MaxDepth} levels (byte {e.BytePositionInLine})");
        }
    }

    /// <summary>Forgets the item before this.</summary>
    protected abstract void Begin();

    /// <summary>Reads the value at which <paramref name="json"/> is; never one that is null or blank, unless it is required.</summary>
    /// <param name="item">What <paramref name="json"/> reads.</param>
    /// <returns>What is wrong with it, or null.</returns>
    protected abstract string? ReadField(int field, ref Utf8JsonReader json, ReadOnlySpan<byte> item);

    /// <summary>What is wrong with the item though each field is right.</summary>
    protected virtual FieldError? Check(ReadOnlySpan<byte> item) => null;

    private FieldError? Fill(ReadOnlySpan<byte> item)
    {
        var json = new Utf8JsonReader(item);
        var seen = 0;
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
        {
            return new(Item, "must be a JSON object");
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var at = FieldAt(ref json);
            if (at < 0)
            {
                return new(Printable(JsonTexts.Read(ref json)),
                    $"is not a known field; expected one of {string.Join(", ", fields.Select(field => field.Name))}");
            }

            var (name, rule) = fields[at];
            _field = name;
            if ((seen & (1 << at)) != 0)
            {
                return new(name, "is given twice");
            }

            seen |= 1 << at;
            json.Read();
            if (json.TokenType == JsonTokenType.Null && !rule.HasFlag(FieldRule.Present))
            {
                continue;
            }

            var isBlank = rule != FieldRule.Required && IsBlank(ref json);
            if ((isBlank ? "is empty" : ReadField(at, ref json, item)) is not { } problem)
            {
                continue;
            }

            if (!isBlank && rule.HasFlag(FieldRule.Right))
            {
                return new(name, problem);
            }

            Warnings.Add(new(name, problem));
            json.Skip(); // where it is an object or an array
        }

        _field = "";
        if (json.Read())
        {
            return new(Item, "must be one JSON object");
        }

        for (var at = 0; at < fields.Length; at++)
        {
            if (fields[at].Rule.HasFlag(FieldRule.Present) && (seen & (1 << at)) == 0)
            {
                return new(fields[at].Name, "is required");
            }
        }

        return null;
    }

    /// <summary>How programs write that they know none.</summary>
    private static bool IsBlank(ref Utf8JsonReader json) =>
        json.TokenType == JsonTokenType.String && json.ValueSpan.Trim(" \t"u8) is var text && (text.IsEmpty || text.SequenceEqual("-"u8));

    private int FieldAt(ref Utf8JsonReader json)
    {
        for (var at = 0; at < fields.Length; at++)
        {
            if (json.ValueIsEscaped ? JsonTexts.Read(ref json) == fields[at].Name : json.ValueTextEquals(fields[at].Name))
            {
                return at;
            }
        }

        return -1;
    }

    private static string Printable(string name) =>
        string.Concat(name.Take(LongestName).Select(c => char.IsControl(c) ? '?' : c)) is { Length: > 0 } text ? text : Item;
}
