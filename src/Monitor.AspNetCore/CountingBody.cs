using System.IO.Pipelines;
using Bayou.Monitor.Capture;
using Microsoft.AspNetCore.Http.Features;

namespace Bayou.Monitor;

/// <summary>A response body that counts what is written to it and passes everything on, also to the tap where there is one.</summary>
internal sealed class CountingBody(IHttpResponseBodyFeature inner, BodyTap? tap) : PipeWriter, IHttpResponseBodyFeature
{
    private PipeWriter? _writer;
    private CountingStream? _stream;
    private Memory<byte> _given; // What was asked for last, which is written to before it is advanced over.
    private long _bytes;

    public IHttpResponseBodyFeature Inner => inner;

    /// <summary>Bytes written so far.</summary>
    public long Bytes => _bytes + (_stream?.Written ?? 0);

    public Stream Stream => _stream ??= new CountingStream(inner.Stream, tap);

    public PipeWriter Writer => this;

    private PipeWriter InnerWriter => _writer ??= inner.Writer;

    public override bool CanGetUnflushedBytes => InnerWriter.CanGetUnflushedBytes;

    public override long UnflushedBytes => InnerWriter.UnflushedBytes;

    public void DisableBuffering() => inner.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

    public async Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default)
    {
        // Before: the application may delete it as soon as it is sent. A file that is not there is the application's to hear of.
        var file = new FileInfo(path);
        var length = count ?? (file.Exists ? file.Length - offset : 0);
        await inner.SendFileAsync(path, offset, count, cancellationToken);
        _bytes += length;
        tap?.Skip(length);
    }

    Task IHttpResponseBodyFeature.CompleteAsync() => inner.CompleteAsync();

    public override void Advance(int bytes)
    {
        tap?.Add(_given.Span[..bytes]);
        _given = tap is null ? default : _given[bytes..];
        InnerWriter.Advance(bytes);
        _bytes += bytes;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        var memory = InnerWriter.GetMemory(sizeHint);
        _given = tap is null ? default : memory;
        return memory;
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => tap is null ? InnerWriter.GetSpan(sizeHint) : GetMemory(sizeHint).Span;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => InnerWriter.FlushAsync(cancellationToken);

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        _bytes += source.Length;
        tap?.Add(source.Span);
        return InnerWriter.WriteAsync(source, cancellationToken);
    }

    public override void CancelPendingFlush() => InnerWriter.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => InnerWriter.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => InnerWriter.CompleteAsync(exception);
}

/// <summary>A stream that counts what is read from it and written to it, all of which the tap is given too where there is one.</summary>
internal sealed class CountingStream(Stream inner, BodyTap? tap) : Stream
{
    public Stream Inner => inner;

    public long BytesRead { get; private set; }

    public long Written { get; private set; }

    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => inner.CanSeek;

    public override bool CanWrite => inner.CanWrite;

    public override long Length => inner.Length;

    public override long Position { get => inner.Position; set => inner.Position = value; }

    public override int Read(byte[] buffer, int offset, int count) => Counted(inner.Read(buffer, offset, count), buffer.AsSpan(offset));

    public override int Read(Span<byte> buffer) => Counted(inner.Read(buffer), buffer);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Counted(await inner.ReadAsync(buffer, cancellationToken), buffer.Span);

    public override void Write(byte[] buffer, int offset, int count)
    {
        inner.Write(buffer, offset, count);
        Written += count;
        tap?.Add(buffer.AsSpan(offset, count));
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        inner.Write(buffer);
        Written += buffer.Length;
        tap?.Add(buffer);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Written += buffer.Length;
        tap?.Add(buffer.Span);
        return inner.WriteAsync(buffer, cancellationToken);
    }

    // The base class would read and write synchronously, which a server may forbid.
    public override IAsyncResult BeginRead(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        TaskToAsyncResult.Begin(ReadAsync(buffer, offset, count, CancellationToken.None), callback, state);

    public override int EndRead(IAsyncResult asyncResult) => TaskToAsyncResult.End<int>(asyncResult);

    public override IAsyncResult BeginWrite(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        TaskToAsyncResult.Begin(WriteAsync(buffer, offset, count, CancellationToken.None), callback, state);

    public override void EndWrite(IAsyncResult asyncResult) => TaskToAsyncResult.End(asyncResult);

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

    public override void SetLength(long value) => inner.SetLength(value);

    private int Counted(int read, ReadOnlySpan<byte> buffer)
    {
        BytesRead += read;
        tap?.Add(buffer[..read]);
        if (read == 0 && !buffer.IsEmpty)
        {
            tap?.End();
        }

        return read;
    }
}
