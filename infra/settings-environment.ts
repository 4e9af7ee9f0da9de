import { sourceDescriptions } from './source-settings.ts';
import type { StageSettings } from './stages.ts';

/** The settings that functions read at run time, as their environment variables. */
export function deliverySettings(settings: StageSettings): Record<string, string> {
  return {
    INLINE_BUDGET_MS: String(settings.inlineBudgetMs),
    RETENTION_DAYS: String(settings.retentionDays),
    HELD_DAYS: String(settings.heldDays),
    ALLOWED_CONSECUTIVE_FAILURES: String(settings.allowedConsecutiveFailures),
    DISABLE_FAILING_AFTER_MINUTES: String(settings.disableFailingAfterMinutes),
    ALLOW_LOOPBACK_TARGETS: String(settings.allowLoopbackTargets),
    WEBHOOK_TARGETS: JSON.stringify({
      ports: settings.webhookPorts,
      deniedRanges: settings.deniedAddressRanges,
      certificateAuthorities: settings.kafkaCertificateAuthorities,
    }),
  };
}

/** What the API says of the sources, and resolves an event's id with. */
export function sourceDirectory(settings: StageSettings): Record<string, string> {
  return { SOURCES: JSON.stringify(sourceDescriptions(settings.sources)) };
}
