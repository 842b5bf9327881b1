using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Orleans.Embedded;

/// <summary>
/// Copies what crosses a call, so that caller and grain never share what can change, and refuses what
/// Orleans could not serialize: a type without <see cref="GenerateSerializerAttribute"/> and <see cref="IdAttribute"/>.
/// </summary>
internal static class GrainCopier
{
    private static readonly ConcurrentDictionary<Type, Func<object, object>> Copiers = new();

    public static object? Copy(object? value) =>
        value is null ? null : Copiers.GetOrAdd(value.GetType(), CopierFor)(value);

    private static Func<object, object> CopierFor(Type type)
    {
        if (type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(decimal)
            || type == typeof(Guid) || type == typeof(DateTime) || type == typeof(DateTimeOffset)
            || type == typeof(TimeSpan) || type == typeof(CancellationToken)
            || typeof(Runtime.IAddressable).IsAssignableFrom(type))
        {
            return value => value;
        }

        if (type.IsArray)
        {
            return type.GetElementType()!.IsPrimitive ? value => ((Array)value).Clone() : CopyArray;
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() is var open
            && (open == typeof(List<>) || open == typeof(Dictionary<,>) || open == typeof(HashSet<>)))
        {
            return typeof(IDictionary).IsAssignableFrom(type) ? value => CopyDictionary(type, value) : value => CopyItems(type, value);
        }

        return Serializable(type);
    }

    private static Func<object, object> Serializable(Type type)
    {
        var members = Members(type).ToArray();
        if (!type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false) || members.Length == 0)
        {
            throw new NotSupportedException(
                $"{type} cannot cross a grain call: it needs [GenerateSerializer], and [Id] on each member that crosses.");
        }

        if (type.IsDefined(typeof(ImmutableAttribute), inherit: false))
        {
            return value => value;
        }

        return value =>
        {
            var copy = RuntimeHelpers.GetUninitializedObject(type);
            foreach (var field in members)
            {
                field.SetValue(copy, Copy(field.GetValue(value)));
            }

            return copy;
        };
    }

    private static IEnumerable<FieldInfo> Members(Type type)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        for (var at = type; at is not null && at != typeof(object); at = at.BaseType)
        {
            foreach (var field in at.GetFields(Own).Where(f => f.IsDefined(typeof(IdAttribute))))
            {
                yield return field;
            }

            foreach (var property in at.GetProperties(Own).Where(p => p.IsDefined(typeof(IdAttribute))))
            {
                yield return at.GetField($"<{property.Name}>k__BackingField", Own)
                    ?? throw new NotSupportedException($"{at}.{property.Name} has [Id] but is not an automatic property.");
            }
        }
    }

    private static Array CopyArray(object value)
    {
        var copy = (Array)((Array)value).Clone();
        for (var i = 0; i < copy.Length; i++)
        {
            copy.SetValue(Copy(copy.GetValue(i)), i);
        }

        return copy;
    }

    private static object CopyDictionary(Type type, object value)
    {
        var copy = (IDictionary)Activator.CreateInstance(type)!;
        foreach (DictionaryEntry entry in (IDictionary)value)
        {
            copy.Add(Copy(entry.Key)!, Copy(entry.Value));
        }

        return copy;
    }

    private static object CopyItems(Type type, object value)
    {
        var copy = Activator.CreateInstance(type)!;
        var add = MethodInvoker.Create(type.GetMethod("Add", type.GetGenericArguments())!);
        foreach (var item in (IEnumerable)value)
        {
            add.Invoke(copy, Copy(item));
        }

        return copy;
    }
}
