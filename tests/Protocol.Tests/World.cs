using System.Buffers;
using Bayou.Metrics;
using Bayou.Windows;
using Microsoft.Extensions.Options;

namespace Bayou.Ingest;

/// <summary>
/// All that delivery is between, without a database, a grain or a clock: nodes with what they have to deliver, calls on their way,
/// activations, and the windows' rows. Every step is the test's. After each, a row must hold exactly what was journaled up to its
/// <c>applied</c>.
/// </summary>
internal sealed class World
{
    private const int Whole = 9;
    private static readonly WindowKey[] Windows = [new(1, 60), new(2, 60), new(Whole, 60)];

    private readonly List<Node> _nodes = [];
    private readonly List<Entry> _journal = []; // ever
    private readonly Dictionary<WindowKey, WindowRow> _rows = Windows.ToDictionary(key => key, _ => WindowRow.None);
    private readonly List<Activation> _activations = [];
    private readonly Dictionary<WindowKey, Activation> _directory = []; // where the next call goes
    private readonly List<Message> _messages = [];
    private readonly HashSet<long> _fenced = [];
    private long _epochs;

    public World()
    {
        _nodes.Add(new(++_epochs));
        _nodes.Add(new(++_epochs));
    }

    /// <summary>Journal rows not yet known to be in all their windows.</summary>
    public int Outstanding => _journal.Count(entry => !entry.IsDeleted);

    public int CallsOnTheirWay => _messages.Count;

    /// <summary>Commits a tick of a node: an observation in one series, or one in each. A node that was fenced goes on under a new epoch.</summary>
    public void Journal(int node, int which)
    {
        var life = At(_nodes, node);
        if (_fenced.Contains(life.Epoch))
        {
            life.Outstanding.Forget(life.Epoch);
            (life.Epoch, life.Seq) = (++_epochs, 0);
        }

        var entry = new Entry(life.Epoch, ++life.Seq, (which % 3) switch { 0 => [1], 1 => [2], _ => [1, 2] }, 1L << (_journal.Count % 40));
        _journal.Add(entry);
        life.Outstanding.Add(entry.Epoch, entry.Seq, entry.Payload(), live: true);
    }

    /// <summary>A round of delivery: a call for each window with something unsent that does not wait for an answer.</summary>
    public void Send(int node)
    {
        var life = At(_nodes, node);
        foreach (var delta in life.Outstanding.Unsent(window => !_messages.Exists(message => message.IsAwaitedBy(life, window))))
        {
            _messages.Add(new(life, delta, delta.Encode()));
        }
    }

    /// <summary>A call arrives, and its answer where that is still awaited.</summary>
    /// <param name="how">Bits: the call is on its way once more; it meets an activation that is no longer the directory's; its answer is lost.</param>
    public void Arrive(int message, int how)
    {
        if (_messages.Count == 0)
        {
            return;
        }

        var call = At(_messages, message);
        var key = call.Sent.Window.Key;
        var others = _activations.FindAll(activation => activation.State.Key == key);
        var activation = (how & 2) != 0 && others.Count > 0 ? At(others, how >> 3) : Find(key);
        var applied = activation.State.Apply(call.Delta);
        if (applied == WindowDelta.Discarded)
        {
            Remove(activation); // The next call loads the row.
        }

        if (call.Awaits && (how & 4) == 0)
        {
            call.Node.Outstanding.Answered([call.Sent], [applied]);
        }

        call.Awaits = false;
        if ((how & 1) == 0)
        {
            _messages.Remove(call);
        }
    }

    /// <summary>A node waits no longer for an answer; the call may still arrive.</summary>
    public void GiveUp(int message)
    {
        if (_messages.Count > 0)
        {
            At(_messages, message).Awaits = false;
        }
    }

    public void Lose(int message)
    {
        if (_messages.Count > 0)
        {
            _messages.Remove(At(_messages, message));
        }
    }

    /// <summary>The next call makes another activation, and the present one lives on.</summary>
    public void Duplicate(int window) => _directory.Remove(At(Windows, window));

    public void Kill(int activation)
    {
        if (_activations.Count > 0)
        {
            Remove(At(_activations, activation));
        }
    }

    /// <summary>A flush begins: what comes in meanwhile is not in it.</summary>
    public void BeginFlush(int activation)
    {
        if (_activations.Count > 0 && At(_activations, activation) is { Flushing: null } flushed)
        {
            flushed.Flushing = flushed.State.TakeSnapshot();
        }
    }

    /// <summary>A flush ends.</summary>
    /// <param name="how">0: it fails; 1: it is written, and nobody hears of it; else it is written.</param>
    public void EndFlush(int activation, int how)
    {
        var flushing = _activations.FindAll(one => one.Flushing is not null);
        if (flushing.Count == 0)
        {
            return;
        }

        var ended = At(flushing, activation);
        var written = how % 4 != 0 && TryWrite(ended.Flushing!);
        ended.Flushing = null;
        if (written && how % 4 != 1)
        {
            ended.State.Written();
        }
        else
        {
            ended.State.Discard();
            if (how < 8) // else it is there until its next call, and says so
            {
                Remove(ended);
            }
        }
    }

    /// <summary>A node asks what is durable, and deletes what is wholly so.</summary>
    public void Check(int node)
    {
        var outstanding = At(_nodes, node).Outstanding;
        var waiting = outstanding.AwaitingFlush(_ => true);
        outstanding.Settle(waiting,
            waiting.DistinctBy(window => (window.Epoch, window.Key))
            .ToDictionary(window => (window.Epoch, window.Key), window => Applied(window.Key, window.Epoch)));
        foreach (var (epoch, seq) in outstanding.Finished())
        {
            foreach (var entry in _journal.Where(entry => entry.Epoch == epoch && entry.Seq <= seq))
            {
                Assert.True(entry.Keys().All(key => Applied(key, epoch) >= entry.Seq), $"{entry} was deleted and is not in all its windows");
                entry.IsDeleted = true;
            }

            outstanding.Deleted(epoch, seq);
        }
    }

    /// <summary>A node fences another's life, and takes charge of some of what that has left; the other does not know. Again, it takes more.</summary>
    public void Fence(int node, int rows) => Adopt(At(_nodes, node), At(_nodes, node + 1).Epoch, 1 + (rows % 4));

    /// <summary>A node that was fenced hears of it.</summary>
    public void Renew(int node)
    {
        var life = At(_nodes, node);
        if (_fenced.Contains(life.Epoch))
        {
            life.Outstanding.Forget(life.Epoch);
        }
    }

    /// <summary>A node dies, and starts again under a new epoch.</summary>
    public void Die(int node)
    {
        var at = node % _nodes.Count;
        _fenced.Add(_nodes[at].Epoch);
        _messages.ForEach(message => message.Awaits &= message.Node != _nodes[at]);
        _nodes[at] = new(++_epochs);
    }

    /// <summary>A row holds what was journaled up to its <c>applied</c> of each epoch, all of it and once.</summary>
    public void Hold()
    {
        foreach (var key in Windows)
        {
            var figures = WindowFigures.FromBytes(_rows[key].Figures);
            var wanted = _journal.Where(entry => entry.Seq <= Applied(key, entry.Epoch))
                .SelectMany(entry => entry.Keys().Where(one => one == key).Select(_ => entry)).ToList();
            Assert.True(figures.Count == wanted.Count && figures.RequestBytes == wanted.Sum(entry => entry.Bytes),
                $"{key} counts {figures.Count} ({figures.RequestBytes:x}), and should {wanted.Count} ({wanted.Sum(entry => entry.Bytes):x})");
        }
    }

    /// <summary>From here on all goes well: then everything must come to be in its row, in not too many rounds.</summary>
    public void Settle()
    {
        for (var round = 0; _journal.Exists(entry => !entry.IsDeleted); round++)
        {
            Assert.True(round < 150, $"the journal does not drain: {string.Join(", ", _journal.Where(entry => !entry.IsDeleted))}");
            foreach (var epoch in _journal.Where(entry => !entry.IsDeleted && _fenced.Contains(entry.Epoch)).Select(entry => entry.Epoch).Distinct().ToList())
            {
                Adopt(_nodes.First(node => node.Epoch != epoch), epoch, 1); // A little in each round, as from a long journal.
            }

            for (var node = 0; node < _nodes.Count; node++)
            {
                if (round >= 5) // Until then a zombie does what it can.
                {
                    Renew(node);
                }

                Send(node);
            }

            while (_messages.Count > 0)
            {
                Arrive(0, 0);
            }

            for (var activation = _activations.Count - 1; activation >= 0; activation--)
            {
                BeginFlush(activation);
            }

            while (_activations.Exists(activation => activation.Flushing is not null))
            {
                EndFlush(0, 2);
            }

            Hold();
            for (var node = 0; node < _nodes.Count; node++)
            {
                Check(node);
            }
        }
    }

    private static T At<T>(IReadOnlyList<T> list, int index) => list[index % list.Count];

    private void Adopt(Node adopter, long epoch, int rows)
    {
        _fenced.Add(epoch);
        if (adopter.Epoch == epoch)
        {
            return; // It has them all.
        }

        foreach (var entry in _journal.Where(entry => entry.Epoch == epoch && entry.Seq > adopter.Outstanding.LastSeq(epoch) && !entry.IsDeleted).Take(rows)
            .ToList())
        {
            adopter.Outstanding.Add(epoch, entry.Seq, entry.Payload(), live: false);
        }
    }

    private Activation Find(WindowKey key)
    {
        if (!_directory.TryGetValue(key, out var activation))
        {
            activation = new(new WindowState(key, _rows[key]));
            _activations.Add(activation);
            _directory.Add(key, activation);
        }

        return activation;
    }

    private void Remove(Activation activation)
    {
        _activations.Remove(activation);
        if (_directory.GetValueOrDefault(activation.State.Key) == activation)
        {
            _directory.Remove(activation.State.Key);
        }
    }

    /// <summary>As the upsert does it.</summary>
    private bool TryWrite(WindowSnapshot snapshot)
    {
        if (_rows[snapshot.Key].Version != snapshot.Version)
        {
            return false;
        }

        _rows[snapshot.Key] = new(snapshot.Version + 1, [.. snapshot.Applied.Trim('{', '}').Split(',').Select(long.Parse)], snapshot.Figures);
        return true;
    }

    private long Applied(WindowKey key, long epoch) => AppliedEpochs.FromPairs(_rows[key].Applied)[epoch];

    private sealed class Node(long epoch)
    {
        public long Epoch { get; set; } = epoch;

        public long Seq { get; set; }

        public Outstanding Outstanding { get; } = new(Options.Create(new IngestOptions()), new ManualTime());
    }

    private sealed class Activation(WindowState state)
    {
        public WindowState State => state;

        public WindowSnapshot? Flushing { get; set; }
    }

    private sealed class Message(Node node, OutstandingDelta sent, WindowDelta delta)
    {
        public Node Node => node;

        public OutstandingDelta Sent => sent;

        public WindowDelta Delta => delta;

        public bool Awaits { get; set; } = true;

        public bool IsAwaitedBy(Node other, OutstandingWindow window) => Awaits && node == other && sent.Window == window;
    }

    /// <summary>A row of the journal, an observation in each of its series.</summary>
    /// <param name="Bytes">A bit of its own in the sums, so that no two mistakes even out.</param>
    private sealed record Entry(long Epoch, long Seq, int[] Series, long Bytes)
    {
        public bool IsDeleted { get; set; }

        public IEnumerable<WindowKey> Keys() => Series.SelectMany(series => (WindowKey[])[new(series, 60), new(Whole, 60)]);

        public byte[] Payload()
        {
            var output = new ArrayBufferWriter<byte>();
            output.Write<byte>([JournalPayload.Format]);
            var (whole, step) = (Whole, 2); // minute 1, zigzag
            foreach (var series in Series)
            {
                foreach (var number in (long[])[whole, series, step, 1, 200 << 1, 1_000, Bytes, 0])
                {
                    Varint.Write(output, number);
                }

                (whole, step) = (0, 0);
            }

            return output.WrittenSpan.ToArray();
        }

        public override string ToString() => $"{Epoch}/{Seq}";
    }
}
