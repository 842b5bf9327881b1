namespace Bayou.Otlp;

/// <summary>Of what the following spans or records are: the service, and the scope within it. Written once, for all of them.</summary>
/// <param name="mostBytes">Of JSON, of each of both.</param>
/// <param name="keepsSdk">Whether what the SDK says of itself is kept.</param>
internal sealed class ResourceReader(int mostBytes, bool keepsSdk = false) : IDisposable
{
    public const string UnknownService = "unknown_service"; // as the SDKs say

    private const int LongestName = 200; // bytes of UTF-8, as a line's source may have

    // The SDK says what it is; nobody looks for that where it would be in every line.
    private static ReadOnlySpan<byte> OfSdk => "telemetry.sdk."u8;

    private readonly AttributeWriter _resource = new(mostBytes);
    private readonly AttributeWriter _scope = new(mostBytes);
    private bool _hasResource;
    private bool _hasScope;
    private byte[] _service = [];
    private byte[] _source = [];
    private byte[] _version = [];

    public ReadOnlySpan<byte> Service => _service;

    /// <summary>Of the service; empty for none.</summary>
    public ReadOnlySpan<byte> Version => _version;

    /// <summary>The scope's name; empty for none.</summary>
    public ReadOnlySpan<byte> Scope => _source;

    /// <summary>The scope's name; where it has none, the service's.</summary>
    public ReadOnlySpan<byte> Source => _source.Length > 0 ? _source : _service;

    /// <summary>The last field of a number, as a message has it that may have it once; empty for none.</summary>
    /// <exception cref="InvalidDataException">It is no protobuf.</exception>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> message, int field)
    {
        var found = default(ReadOnlySpan<byte>);
        for (var reader = new WireReader(message); reader.Next();)
        {
            found = reader.Field == field ? reader.Bytes : found;
        }

        return found;
    }

    /// <exception cref="InvalidDataException">It is no protobuf.</exception>
    public void Read(ReadOnlySpan<byte> resource)
    {
        (_service, _version) = ([], []);
        (_hasResource, _hasScope) = (false, false);
        _resource.Begin();
        _resource.BeginObject();
        for (var fields = new WireReader(resource); fields.Next();)
        {
            if (fields.Field != 1)
            {
                continue;
            }

            AttributeWriter.Split(fields.Bytes, out var key, out var value);
            if (key.SequenceEqual("service.name"u8))
            {
                _service = Name(AttributeWriter.TextOf(value));
            }
            else if (keepsSdk || !key.StartsWith(OfSdk))
            {
                _version = key.SequenceEqual("service.version"u8) ? Name(AttributeWriter.TextOf(value)) : _version;
                _resource.Attribute(fields.Bytes);
                _hasResource = true;
            }
        }

        _resource.EndObject();
        if (_service.Length == 0)
        {
            _service = System.Text.Encoding.UTF8.GetBytes(UnknownService);
        }
    }

    /// <exception cref="InvalidDataException">It is no protobuf.</exception>
    public void ReadScope(ReadOnlySpan<byte> scope)
    {
        _source = Name(Find(scope, 1));
        _hasScope = false;
        _scope.Begin();
        _scope.BeginObject();
        for (var fields = new WireReader(scope); fields.Next();)
        {
            switch (fields.Field)
            {
                case 2 when !fields.Bytes.IsEmpty:
                    _scope.Text("version"u8, fields.Bytes);
                    _hasScope = true;
                    break;
                case 3:
                    _scope.Attribute(fields.Bytes);
                    _hasScope = true;
                    break;
            }
        }

        _scope.EndObject();
    }

    /// <summary>The resource as JSON.</summary>
    public ReadOnlySpan<byte> Written => _resource.Written;

    /// <summary>The scope's version and attributes as JSON.</summary>
    public ReadOnlySpan<byte> WrittenScope => _scope.Written;

    /// <summary>Attributes of both that were left out.</summary>
    public int LeftOut => _resource.LeftOut + _scope.LeftOut;

    /// <summary>Adds both to what is written.</summary>
    public void WriteTo(AttributeWriter output)
    {
        if (_hasResource)
        {
            output.Raw("resource"u8, _resource.Written);
        }

        if (_hasScope)
        {
            output.Raw("scope"u8, _scope.Written);
        }
    }

    public void Dispose()
    {
        _resource.Dispose();
        _scope.Dispose();
    }

    /// <summary>A name without blanks around it and without control characters.</summary>
    private static byte[] Name(ReadOnlySpan<byte> text)
    {
        var name = AttributeWriter.Beginning(AttributeWriter.Clean(AttributeWriter.Beginning(text.Trim(" \t\r\n"u8), LongestName)), LongestName).ToArray();
        foreach (ref var c in name.AsSpan())
        {
            c = c < 0x20 ? (byte)' ' : c;
        }

        return name;
    }
}
