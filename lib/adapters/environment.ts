/**
 * A function's environment variable, set by its stack.
 * @throws Error that names the variable when it is not set
 */
export function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`environment variable ${name} is not set`);
  return value;
}
