using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.Tokenizers;

namespace Bayou.Search;

/// <summary>
/// The sentence embedding all-MiniLM-L6-v2: the mean of the last layer's token vectors, of length 1 (Reimers, Gurevych: "Sentence-BERT: Sentence Embeddings
/// using Siamese BERT-Networks", EMNLP 2019; Wang et al.: "MiniLM: Deep Self-Attention Distillation", NeurIPS 2020). Loaded when it is needed, which takes
/// half a second and 150 MB, and released when it has not been for two minutes. A text takes some 8 ms of one core.
/// </summary>
internal sealed partial class MiniLmEmbedder : ITextEmbedder, IDisposable
{
    public const string Name = "minilm";

    private const int MostTokens = 128; // as it was trained with
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(2);
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "models", "all-MiniLM-L6-v2");

    private readonly SemaphoreSlim _one = new(1); // text at a time: more would only take the processor from ingest
    private readonly Lazy<BertTokenizer> _tokenizer = new(() => BertTokenizer.Create(Path.Combine(Folder, "vocab.txt")));
    private readonly ITimer _release;
    private InferenceSession? _session;

    public MiniLmEmbedder(TimeProvider time) =>
        _release = time.CreateTimer(_ => Release(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public string Model => Name;

    public int Dimensions => 384;

    public float Near => 0.3f;

    public float Remote => 0.2f;

    /// <summary>Whether the model is in memory.</summary>
    public bool IsLoaded => _session is not null;

    public string Known(string text, Func<string, bool> isUsed) =>
        string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(word => isUsed(word) || IsWord(word)));

    public async Task<float[][]> EmbedAsync(IReadOnlyList<string> texts, CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        try
        {
            _release.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return await Task.Run(() =>
            {
                var session = _session ??= Load();
                return texts.Select(text =>
                {
                    ct.ThrowIfCancellationRequested();
                    return Embed(session, text);
                }).ToArray();
            }, ct);
        }
        finally
        {
            _release.Change(Idle, Timeout.InfiniteTimeSpan);
            _one.Release();
        }
    }

    public void Dispose()
    {
        _release.Dispose();
        _session?.Dispose();
        _one.Dispose();
    }

    /// <summary>Whether the model knows a word: its tokenizer splits unknown ones into fragments of under three letters on average.</summary>
    private bool IsWord(string word)
    {
        var pieces = _tokenizer.Value.EncodeToTokens(word, out _);
        var letters = pieces.Sum(piece => piece.Value.Count(char.IsLetter));
        return letters > 0 && letters >= 3 * pieces.Count(piece => piece.Value.Any(char.IsLetter));
    }

    private static InferenceSession Load()
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            EnableCpuMemArena = false,
            EnableMemoryPattern = false,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_BASIC, // 20 MB less than with all of them, for 5 % of the time
        };
        return new(Path.Combine(Folder, "model.onnx"), options);
    }

    private float[] Embed(InferenceSession session, string text)
    {
        var ids = _tokenizer.Value.EncodeToIds(text).Select(id => (long)id).ToArray();
        if (ids.Length > MostTokens)
        {
            ids = [.. ids[..(MostTokens - 1)], ids[^1]]; // The last one ends it.
        }

        long[] shape = [1, ids.Length];
        using var tokens = OrtValue.CreateTensorValueFromMemory(ids, shape);
        using var mask = OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(ids, _ => 1L), shape);
        using var types = OrtValue.CreateTensorValueFromMemory(new long[ids.Length], shape);
        using var run = new RunOptions();
        using var output = session.Run(run, ["input_ids", "attention_mask", "token_type_ids"], [tokens, mask, types], ["last_hidden_state"]);
        var states = output[0].GetTensorDataAsSpan<float>();
        var vector = new float[Dimensions];
        for (var token = 0; token < ids.Length; token++)
        {
            for (var i = 0; i < Dimensions; i++)
            {
                vector[i] += states[(token * Dimensions) + i];
            }
        }

        return TextVectors.OfLengthOne(vector);
    }

    private void Release()
    {
        if (!_one.Wait(0))
        {
            return; // It is being used; whoever does so winds the timer.
        }

        try
        {
            _session?.Dispose();
            _session = null;
            if (OperatingSystem.IsLinux())
            {
                _ = Trim(0);
            }
        }
        catch (EntryPointNotFoundException)
        {
            // Not the C library that keeps what was freed.
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Gives the system back what was freed: else most of the model would stay.</summary>
    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Trim(nuint pad);
}
