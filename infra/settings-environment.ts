import type { StageSettings } from './stages.ts';

/** The settings that functions read at run time, as their environment variables. */
export function deliverySettings(settings: StageSettings): Record<string, string> {
  return {
    RETENTION_DAYS: String(settings.retentionDays),
    ALLOW_LOOPBACK_TARGETS: String(settings.allowLoopbackTargets),
  };
}

/** Number and topic of each source: what an event's id is resolved with. */
export function sourceDirectory(settings: StageSettings): Record<string, string> {
  const sources = Object.entries(settings.sources).map(([name, { number, topic }]) => ({
    name,
    number,
    topic,
  }));
  return { SOURCES: JSON.stringify(sources) };
}
