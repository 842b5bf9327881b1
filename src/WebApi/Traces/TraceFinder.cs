using Bayou.Http;
using Bayou.Segments;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bayou.Traces;

/// <summary>A part of a trace.</summary>
/// <param name="Errors">Spans whose status is error.</param>
internal sealed record TraceService(string Service, int Spans, int Errors);

/// <summary>A whole trace.</summary>
/// <param name="Timestamp">When its earliest span began.</param>
/// <param name="Duration">ms, until its last span ended.</param>
/// <param name="HasMore">There are more spans than are given: the earliest are.</param>
/// <param name="Spans">The earliest first.</param>
internal sealed record Trace(
    string TraceId, string Timestamp, double Duration, int Errors, IEnumerable<TraceService> Services, bool HasMore, IReadOnlyList<SpanRow> Spans);

/// <summary><c>GET /traces/{trace_id}</c>.</summary>
internal sealed class TraceFinder(SegmentCatalogue<SpanSegments> catalogue, Spans spans)
{
    private const int Most = 10_000;

    public async Task<Results<ApiResult<Trace>, ApiProblem>> GetAsync(string traceId, CancellationToken ct)
    {
        if (!Guid.TryParseExact(traceId, "N", out var id))
        {
            return ApiProblem.Validation("The trace's id cannot be used.", new FieldError("trace_id", "must be 32 hexadecimal digits"));
        }

        var segments = (await catalogue.ReadAsync(ct)).Stored.OrderByDescending(segment => segment.Bounds.MaxId);
        var (given, hasMore) = await spans.OfTraceAsync(segments, id, Most, ct);
        if (given.Count == 0)
        {
            return ApiProblem.NotFound("trace");
        }

        var begin = given[0].CreatedAt;
        return new ApiResult<Trace>(new(
            SpanRow.TraceIdOf(id), given[0].Timestamp, given.Max(span => (span.CreatedAt - begin).TotalMilliseconds + span.Duration),
            given.Count(IsError), given.GroupBy(span => span.Service).Select(part => new TraceService(part.Key, part.Count(), part.Count(IsError))),
            hasMore, given));
    }

    private static bool IsError(SpanRow span) => span.Status == SpanNames.Statuses[(int)SpanStatus.Error];
}
