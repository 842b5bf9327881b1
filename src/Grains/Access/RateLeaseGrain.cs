namespace Bayou.Access;

/// <summary>Forgets with its activation: then a minute's rate may be given twice, once.</summary>
internal sealed class RateLeaseGrain : Grain, IRateLeaseGrain
{
    private long _minute;
    private long _given;

    public Task<int> TakeAsync(long minute, int done, int wanted, int limit, CancellationToken ct)
    {
        if (minute < _minute)
        {
            return Task.FromResult(0); // Of a minute that is over for others.
        }

        (_minute, _given) = (minute, (minute > _minute ? 0 : _given) + done);
        var given = (int)Math.Clamp(limit - _given, 0, wanted);
        _given += given;
        return Task.FromResult(given);
    }
}
