using System.Net;
using System.Text.Json;

namespace Bayou.Monitor;

/// <summary>Requests as <c>POST /ingest/v1/requests</c> takes them.</summary>
internal sealed class RequestBody(string service, string? version) : IBatchBody<RequestObservation>
{
    private static readonly JsonEncodedText ServiceName = JsonEncodedText.Encode("service"), VersionName = JsonEncodedText.Encode("version"),
        MethodName = JsonEncodedText.Encode("method"), RouteName = JsonEncodedText.Encode("route"), StatusName = JsonEncodedText.Encode("status"),
        DurationName = JsonEncodedText.Encode("duration_ms"), TimeName = JsonEncodedText.Encode("time"),
        RequestSizeName = JsonEncodedText.Encode("request_size"), ResponseSizeName = JsonEncodedText.Encode("response_size"),
        TraceIdName = JsonEncodedText.Encode("trace_id"), CountryName = JsonEncodedText.Encode("country"),
        AddressName = JsonEncodedText.Encode("client_address");

    private const int LongestAddress = 65; // of IPv6 with one of IPv4 in it and a scope

    private readonly JsonEncodedText _service = JsonEncodedText.Encode(service);
    private readonly JsonEncodedText? _version = version is { Length: > 0 } ? JsonEncodedText.Encode(version) : null;

    public string Name => "requests";

    public int SizeOf(in RequestObservation item) => 240;

    public void Write(Utf8JsonWriter json, in RequestObservation observation)
    {
        json.WriteStartObject();
        json.WriteString(ServiceName, _service);
        if (_version is { } version)
        {
            json.WriteString(VersionName, version);
        }

        json.WriteString(MethodName, observation.Method);
        json.WriteString(RouteName, observation.Route);
        json.WriteNumber(StatusName, observation.Status);
        json.WriteNumber(DurationName, observation.DurationMicros / 1000.0);
        json.WriteNumber(TimeName, observation.UnixMilliseconds);
        json.WriteNumber(RequestSizeName, observation.RequestBytes);
        json.WriteNumber(ResponseSizeName, observation.ResponseBytes);
        if (observation.TraceId is { } traceId)
        {
            json.WriteString(TraceIdName, traceId);
        }

        if (observation.Country is { } country)
        {
            json.WriteString(CountryName, country);
        }
        else if (observation.Address is { } address)
        {
            WriteAddress(json, address);
        }

        json.WriteEndObject();
    }

    /// <summary>Bayou looks up the country that it is in, and keeps no more than that.</summary>
    private static void WriteAddress(Utf8JsonWriter json, IPAddress address)
    {
        Span<byte> text = stackalloc byte[LongestAddress];
        if (address.TryFormat(text, out var length))
        {
            json.WriteString(AddressName, text[..length]);
        }
    }
}
