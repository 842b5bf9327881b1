/** How a service of each language sends OpenTelemetry: environment variables, and what the language needs for them to count. */
type Snippet = (url: string, key: string | null) => string;

const variables: Snippet = (url, key) => `export OTEL_SERVICE_NAME=my-service
export OTEL_EXPORTER_OTLP_ENDPOINT=${url}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf${key === null ? '' : `\nexport OTEL_EXPORTER_OTLP_HEADERS="x-api-key=${key}"`}`;

export const otelSnippets = {
  Java: (url, key) => `${variables(url, key)}
export OTEL_LOGS_EXPORTER=otlp

# The agent instruments what is there; nothing of your code changes.
java -javaagent:opentelemetry-javaagent.jar -jar my-service.jar`,

  Python: (url, key) => `${variables(url, key)}
export OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED=true

pip install opentelemetry-distro opentelemetry-exporter-otlp
opentelemetry-bootstrap -a install
opentelemetry-instrument --logs_exporter otlp python app.py`,

  'Node.js': (url, key) => `npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node

${variables(url, key)}
export OTEL_LOGS_EXPORTER=otlp
node --require @opentelemetry/auto-instrumentations-node/register app.js`,

  Go: (url, key) => `${variables(url, key)}

# In main, once: the exporter reads the variables (go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp).
exporter, err := otlptracehttp.New(ctx)
otel.SetTracerProvider(trace.NewTracerProvider(trace.WithBatcher(exporter)))
handler := otelhttp.NewHandler(mux, "my-service")`,

  '.NET': (url, key) => `${variables(url, key)}

dotnet add package OpenTelemetry.Extensions.Hosting
dotnet add package OpenTelemetry.Instrumentation.AspNetCore
dotnet add package OpenTelemetry.Exporter.OpenTelemetryProtocol

builder.Services.AddOpenTelemetry().WithTracing(traces => traces.AddAspNetCoreInstrumentation()).UseOtlpExporter();`,

  Collector: (url, key) => `# otelcol.yaml: one more exporter, in the pipelines of all three.
exporters:
  otlphttp/bayou:
    endpoint: ${url}${key === null ? '' : `\n    headers:\n      x-api-key: ${key}`}
service:
  pipelines:
    traces: { receivers: [otlp], exporters: [otlphttp/bayou] }
    logs: { receivers: [otlp], exporters: [otlphttp/bayou] }
    metrics: { receivers: [otlp], exporters: [otlphttp/bayou] }`,

  Other: (url, key) => `# Any OpenTelemetry SDK reads these. OTLP as protobuf or JSON here and at port 4318, as gRPC at 4317.
${variables(url, key)}`,
} as const satisfies Record<string, Snippet>;

export type Language = keyof typeof otelSnippets;
export const languages = Object.keys(otelSnippets) as Language[];
