using System.IO.Compression;
using System.Text.Json;

namespace Bayou.Monitor;

/// <summary>A batch as <c>POST /ingest/v1/requests</c> takes it: a JSON array, gzip.</summary>
internal sealed class BatchBody(string service, string? version)
{
    private static readonly JsonEncodedText ServiceName = JsonEncodedText.Encode("service"), VersionName = JsonEncodedText.Encode("version"),
        MethodName = JsonEncodedText.Encode("method"), RouteName = JsonEncodedText.Encode("route"), StatusName = JsonEncodedText.Encode("status"),
        DurationName = JsonEncodedText.Encode("duration_ms"), TimeName = JsonEncodedText.Encode("time"),
        RequestSizeName = JsonEncodedText.Encode("request_size"), ResponseSizeName = JsonEncodedText.Encode("response_size"),
        TraceIdName = JsonEncodedText.Encode("trace_id"), CountryName = JsonEncodedText.Encode("country");

    private readonly JsonEncodedText _service = JsonEncodedText.Encode(service);
    private readonly JsonEncodedText? _version = version is { Length: > 0 } ? JsonEncodedText.Encode(version) : null;

    /// <summary>The same bytes each time a batch is tried: Bayou tells a repeat by its key and its body.</summary>
    public byte[] Of(IReadOnlyList<RequestObservation> batch)
    {
        using var body = new MemoryStream(4_096);
        using (var gzip = new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true))
        using (var json = new Utf8JsonWriter(gzip))
        {
            json.WriteStartArray();
            foreach (var observation in batch)
            {
                Write(json, observation);
            }

            json.WriteEndArray();
        }

        return body.ToArray();
    }

    private void Write(Utf8JsonWriter json, in RequestObservation observation)
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

        json.WriteEndObject();
    }
}
