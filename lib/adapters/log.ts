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
 * Writes one more line to standard output, which CloudWatch turns into a data point of the namespace `Fanout`.
 * @param dimensions one time series for each of their values: only such as have few
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function metric(name: string, value: number, dimensions: Readonly<Record<string, string>>): void {
  const CloudWatchMetrics = [
    {
      Namespace: 'Fanout',
      Dimensions: [Object.keys(dimensions)],
      Metrics: [{ Name: name, Unit: 'Count' }],
    },
  ];
  const line = { _aws: { Timestamp: Date.now(), CloudWatchMetrics }, ...dimensions, [name]: value };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
