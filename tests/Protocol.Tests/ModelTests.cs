using Bayou.Windows;
using CsCheck;

namespace Bayou.Ingest;

/// <summary>
/// Delivery's own classes against anything that can happen to nodes, calls, activations and flushes, in any order: steps are drawn, and
/// those that break it are shrunk. What it prints has the seed; <c>CsCheck_Seed</c> in the environment runs the very same again.
/// </summary>
public sealed class ModelTests
{
    private static readonly long Iterations = Environment.GetEnvironmentVariable("BAYOU_TEST_FULL") is null ? 20_000 : 1_000_000;

    public enum Kind
    {
        Journal,
        Send,
        Arrive,
        GiveUp,
        Lose,
        Duplicate,
        Kill,
        BeginFlush,
        EndFlush,
        Check,
        Fence,
        Renew,
        Die,
    }

    private static readonly Gen<(Kind Kind, int Which, int How)> Step = Gen.Select(
        Gen.Frequency(
            (6, Gen.Const(Kind.Journal)), (6, Gen.Const(Kind.Send)), (10, Gen.Const(Kind.Arrive)), (5, Gen.Const(Kind.BeginFlush)),
            (5, Gen.Const(Kind.EndFlush)),
            (5, Gen.Const(Kind.Check)), (1, Gen.Enum<Kind>())),
        Gen.Int[0, 11],
        Gen.Int[0, 31]);

    [Fact]
    public void Whatever_happens_a_row_holds_what_was_journaled_once_and_in_the_end_all_of_it() => Step.Array[1, 100].Sample(
        steps =>
        {
            var world = new World();
            foreach (var (kind, which, how) in steps)
            {
                Take(world, kind, which, how);
                world.Hold();
            }

            world.Settle();
        },
        iter: Iterations,
        print: steps => string.Join(' ', steps.Select(step => $"{step.Kind}({step.Which},{step.How})")));

    [Fact]
    public void What_is_durable_is_confirmed_while_newer_observations_come()
    {
        var world = new World();
        for (var round = 0; round < 60; round++)
        {
            Deliver();
            world.BeginFlush(0);
            world.EndFlush(0, how: 2);
            Deliver(); // Something newer is always there when it is asked what is durable.
            world.Check(0);
            Assert.InRange(world.Outstanding, 1, 4);
        }

        void Deliver()
        {
            world.Journal(0, 0);
            world.Send(0);
            while (world.CallsOnTheirWay > 0)
            {
                world.Arrive(0, 0);
            }

            world.BeginFlush(1); // of the whole service
            world.EndFlush(0, how: 2);
        }
    }

    private static void Take(World world, Kind kind, int which, int how)
    {
        switch (kind)
        {
            case Kind.Journal:
                world.Journal(which, how);
                break;
            case Kind.Send:
                world.Send(which);
                break;
            case Kind.Arrive:
                world.Arrive(which, how < 16 ? 0 : how); // mostly without more trouble
                break;
            case Kind.GiveUp:
                world.GiveUp(which);
                break;
            case Kind.Lose:
                world.Lose(which);
                break;
            case Kind.Duplicate:
                world.Duplicate(which);
                break;
            case Kind.Kill:
                world.Kill(which);
                break;
            case Kind.BeginFlush:
                world.BeginFlush(which);
                break;
            case Kind.EndFlush:
                world.EndFlush(which, how);
                break;
            case Kind.Check:
                world.Check(which);
                break;
            case Kind.Fence:
                world.Fence(which, how);
                break;
            case Kind.Renew:
                world.Renew(which);
                break;
            default:
                world.Die(which);
                break;
        }
    }
}
