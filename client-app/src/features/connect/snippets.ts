/** How an API of each kind is connected, with a key where one is needed; each is complete as it stands. */
export const snippets = {
  'ASP.NET Core': (url: string, key: string | null) => `# In your project's folder, with Bayou cloned beside it:
dotnet add reference ../bayou/src/Monitor.AspNetCore

// Program.cs: one line beside your services, one for the log, one before the rest of the pipeline.
builder.Services.AddBayou(bayou => ${key === null ? `bayou.Url = new("${url}")` : `(bayou.Url, bayou.ApiKey) = (new("${url}"), "${key}")`});
builder.Logging.AddBayou();
app.UseBayou();

// To look into requests that fail or are slow, and to send them again: bayou.Capture.Enabled = true, beside the Url. Secrets stay in your process.`,

  Node: (url: string, key: string | null) => `// Express: put this before your routes.
const waiting = [];
app.use((req, res, next) => {
  const [time, start] = [Date.now(), performance.now()];
  res.on('close', () => waiting.length < 10_000 && waiting.push({
    service: 'my-api', method: req.method, status: res.writableFinished ? res.statusCode : 499,
    route: req.route ? ((req.baseUrl ?? '') + req.route.path).replace(/:(\\w+)/g, '{$1}') : '/{unmatched}',
    duration_ms: performance.now() - start, time,
    response_size: Number(res.get('content-length') ?? 0),
  }));
  next();
});
let batch; // keeps its items and its key until it is taken, so that a retry counts nothing twice
let busy = false;
setInterval(async () => {
  batch ??= waiting.length ? { key: crypto.randomUUID(), body: JSON.stringify(waiting.splice(0, 500)) } : undefined;
  if (!batch || busy) return;
  busy = true;
  const answer = await fetch('${url}/ingest/v1/requests', {
    method: 'POST', body: batch.body,
    headers: { 'content-type': 'application/json',${key === null ? '' : ` 'x-api-key': '${key}',`} 'idempotency-key': batch.key },
  }).catch(() => null);
  if (answer?.status === 202 || answer?.status === 400) batch = undefined;
  busy = false;
}, 1000);`,

  Python: (url: string, key: string | null) => `# FastAPI: record each request, send once a second.
import asyncio, json, time, urllib.request, uuid

waiting = []

@app.middleware("http")
async def record(request, call_next):
    started, clock, status = time.time(), time.perf_counter(), 500
    try:
        response = await call_next(request)
        status = response.status_code
        return response
    finally:
        route = request.scope.get("route")
        if len(waiting) < 10_000: waiting.append({"service": "my-api", "method": request.method, "status": status,
                        "route": route.path if route else "/{unmatched}", "time": int(started * 1000),
                        "duration_ms": (time.perf_counter() - clock) * 1000})

def send(body, key):
    urllib.request.urlopen(urllib.request.Request("${url}/ingest/v1/requests", data=body, headers={
        "content-type": "application/json",${key === null ? '' : ` "x-api-key": "${key}",`} "idempotency-key": key}), timeout=10)

async def send_for_ever():
    while True:
        await asyncio.sleep(1)
        if items := waiting[:500]:
            body, key = json.dumps(items).encode(), str(uuid.uuid4())
            while True:  # the same key each time, so that a retry counts nothing twice
                try:
                    await asyncio.to_thread(send, body, key)
                    break
                except OSError as problem:
                    if getattr(problem, "code", 0) == 400: break
                    await asyncio.sleep(1)
            del waiting[:len(items)]

@app.on_event("startup")
async def start():
    app.state.sender = asyncio.create_task(send_for_ever())`,

  curl: (url: string, key: string | null) => `curl ${url}/ingest/v1/requests \\
  -H 'content-type: application/json' \\${key === null ? '' : `\n  -H 'x-api-key: ${key}' \\`}
  -d '[{"service": "my-api", "method": "GET", "route": "/users/{id}",
        "status": 200, "duration_ms": 12.4,
        "time": "'$(date -u +%Y-%m-%dT%H:%M:%SZ)'"}]'

# Log lines; time, trace_id and meta (any JSON) are optional.
curl ${url}/ingest/v1/logs \\
  -H 'content-type: application/json' \\${key === null ? '' : `\n  -H 'x-api-key: ${key}' \\`}
  -d '[{"source": "billing", "service": "my-api", "level": "warn",
        "message": "invoice 4711 is overdue", "meta": {"customer": 17}}]'`,
} as const;

export type Kind = keyof typeof snippets;
export const kinds = Object.keys(snippets) as Kind[];
