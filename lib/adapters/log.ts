/**
 * Writes one JSON line to standard output: one for each unit of work. Never hand it payloads, headers or secrets.
 * @param message what happened, the same words each time
 */
export function log(
  level: 'INFO' | 'WARN' | 'ERROR',
  message: string,
  fields: Record<string, unknown> = {},
): void {
  process.stdout.write(
    `${JSON.stringify({ timestamp: new Date().toISOString(), level, message, ...fields })}\n`,
  );
}

/** The fields of a log line that describe an error. */
export function errorFields(error: unknown): Record<string, unknown> {
  return error instanceof Error
    ? { error: error.name, detail: error.message, stack: error.stack }
    : { error: String(error) };
}

/**
 * Writes one more line to standard output, which CloudWatch turns into data points of the stage's namespace, `Fanout/<stage>`.
 * @param values by the names of their metrics, counts where `unit` says nothing else
 * @param dimensions one time series for each of their values: only such as have few
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function metrics(
  values: Readonly<Record<string, number>>,
  dimensions: Readonly<Record<string, string>> = {},
  unit: 'Count' | 'Milliseconds' = 'Count',
): void {
  const CloudWatchMetrics = [
    {
      Namespace: process.env['METRICS_NAMESPACE'] ?? 'Fanout',
      Dimensions: [Object.keys(dimensions)],
      Metrics: Object.keys(values).map((Name) => ({ Name, Unit: unit })),
    },
  ];
  const line = { _aws: { Timestamp: Date.now(), CloudWatchMetrics }, ...dimensions, ...values };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
