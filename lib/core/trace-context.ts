/**
 * The header `traceparent` of whoever caused something, handed on as it came, so that their traces go on behind us.
 * @returns undefined where there is none, or one that W3C Trace Context says to ignore
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function readTraceparent(value: string | undefined): string | undefined {
  const [, version, trace, parent] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(value ?? '') ?? [];
  const isValid = version !== undefined && version !== 'ff' && !/^0+$/.test(trace!) && !/^0+$/.test(parent!);
  return isValid ? value : undefined;
}
