/**
 * Ids that publishers give to their events. Receivers see them as `webhook-id`. They have no dot: Standard Webhooks signs
 * id, timestamp and body with dots between them, so that with a dot in the id one signature would fit two messages. They
 * begin with a letter or digit, so that they can stand in a URL's path, and take in all ids that Fanout makes.
 */
export const givenIdPattern = /^[A-Za-z0-9][A-Za-z0-9_:-]{0,127}$/;
