using System.Text;
using System.Xml.Linq;
using Bayou.Database;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bayou.Access;

/// <summary>The keys of ASP.NET Core's DataProtection in PostgreSQL, for all nodes.</summary>
internal sealed class KeyRing(NpgsqlDataSource db, SecretKey key) : IXmlRepository
{
    private const string EncryptedElement = "encryptedSecret"; // as the framework names what is encrypted, and by what
    private const string DecryptorAttribute = "decryptorType";

    // The framework asks for them once a day, and has no other way than to wait.
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        var keys = new List<(string Name, XElement Xml)>();
        using (var command = db.CreateCommand("SELECT name, xml FROM protection_keys"))
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                keys.Add((reader.GetString(0), XElement.Parse(reader.GetString(1))));
            }
        }

        foreach (var (name, xml) in keys.Where(_ => key.IsSet))
        {
            if (Encrypt(xml))
            {
                StoreElement(xml, name);
            }
        }

        return keys.ConvertAll(one => one.Xml);
    }

    /// <summary>Encrypts what was stored while there was no <see cref="SecretKey"/>.</summary>
    /// <returns>Whether there was anything.</returns>
    private bool Encrypt(XElement xml)
    {
        var plain = xml.Descendants().Where(element => element.Name.LocalName == EncryptedElement
            && ((string?)element.Attribute(DecryptorAttribute))?.Contains(nameof(NullXmlDecryptor), StringComparison.Ordinal) == true).ToList();
        foreach (var element in plain)
        {
            var encrypted = new KeyRingEncryptor(key).Encrypt(element.Elements().Single().Elements().Single());
            element.SetAttributeValue(DecryptorAttribute, encrypted.DecryptorType.AssemblyQualifiedName);
            element.ReplaceNodes(encrypted.EncryptedElement);
        }

        return plain.Count > 0;
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var command = db.CreateCommand("INSERT INTO protection_keys (name, xml) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET xml = excluded.xml");
        command.With(friendlyName, element.ToString(SaveOptions.DisableFormatting));
        command.ExecuteNonQuery();
    }
}

/// <summary>Encrypts what is secret of those keys.</summary>
internal sealed class KeyRingEncryptor(SecretKey key) : IXmlEncryptor
{
    public EncryptedXmlInfo Encrypt(XElement plaintextElement) => new(
        new XElement("encrypted", Convert.ToBase64String(key.Encrypt(Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting))))),
        typeof(KeyRingDecryptor));
}

/// <summary>Made by the framework, which finds it by its name in the key.</summary>
internal sealed class KeyRingDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement) =>
        XElement.Parse(Encoding.UTF8.GetString(services.GetRequiredService<SecretKey>().Decrypt(Convert.FromBase64String(encryptedElement.Value))));
}

internal static partial class KeyRingServices
{
    private const string Application = "bayou"; // the same on every node, wherever it was installed

    public static IServiceCollection AddKeyRing(this IServiceCollection services)
    {
        services.AddSingleton<SecretKey>().AddSingleton<KeyRing>().AddDataProtection().SetApplicationName(Application);
        services.AddOptions<KeyManagementOptions>().Configure<SecretKey, KeyRing, ILogger<KeyRing>>((options, key, ring, logger) =>
        {
            options.XmlRepository = ring;
            options.XmlEncryptor = key.IsSet ? new KeyRingEncryptor(key) : new NullXmlEncryptor();
            if (!key.IsSet)
            {
                NotEncrypted(logger, SecretKey.Name);
            }
        });
        return services;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{name} is not set: whoever has a copy of the database has the keys by which tokens are signed")]
    private static partial void NotEncrypted(ILogger logger, string name);
}
