import { type output, z } from 'zod';
import type { KafkaEndpoint } from '../../core/endpoint.ts';
import { randomId } from '../../core/identifiers.ts';
import {
  type KafkaTarget,
  brokerAddress,
  kafkaRules,
  parseBrokers,
  readSaslMechanism,
  readTls,
  saslMechanisms,
} from '../../core/kafka-target.ts';
import type { PartitionKeys } from '../ports/partition-keys.ts';
import type { EndpointKind } from './endpoint-kind.ts';
import {
  type EndpointSchemas,
  changedFields,
  defaultTimeoutMs,
  givenFields,
  timeoutMs,
} from './endpoint-schemas.ts';
import { isMasked, mask } from './mask.ts';
import { checkInput } from './operation.ts';

/** What Kafka endpoints are checked against. */
export interface KafkaEndpointRules {
  /** Says what is wrong with a broker's host for this stage, or nothing. */
  readonly hostRule: (host: string) => string | undefined;
  readonly partitionKeys: PartitionKeys;
}

type Config = output<ReturnType<typeof kafkaConfig>>;

/** Endpoints that are topics on the tenants' own clusters. */
export function kafkaEndpoints(
  schemas: EndpointSchemas,
  rules: KafkaEndpointRules,
): EndpointKind<KafkaEndpoint> {
  const { create, change } = kafkaSchemas(schemas, rules);
  return {
    create(input, made) {
      const body = checkInput(create, input);
      const { brokers, topic, sasl_mechanism, tls = true, partition_key_template, timeout_ms } = body.config;
      const target = { brokers, topic, saslMechanism: sasl_mechanism, tls };
      return {
        ...made,
        ...givenFields(body),
        id: body.id ?? randomId('ep'),
        type: 'kafka',
        timeoutMs: timeout_ms,
        kafka: withTemplate({ ...target, ...body.credentials, ...newVersion() }, partition_key_template),
      };
    },

    change(found, input, nowMs) {
      const body = checkInput(change, input);
      const { timeout_ms = found.timeoutMs, ...changed } = body.config ?? {};
      const kafka: KafkaTarget = {
        ...found.kafka,
        ...withoutAbsent({
          brokers: changed.brokers,
          topic: changed.topic,
          saslMechanism: changed.sasl_mechanism,
          tls: changed.tls,
        }),
        ...(body.credentials && { ...withoutAbsent(body.credentials), ...newVersion() }),
      };
      const fields = changedFields(found, body, nowMs);
      return {
        ...found,
        ...fields,
        timeoutMs: timeout_ms,
        kafka: withTemplate(kafka, changed.partition_key_template),
      };
    },

    hasSameTarget: ({ kafka: one }, { kafka: other }) => JSON.stringify(one) === JSON.stringify(other),

    present: ({ kafka, timeoutMs: timeout }) => ({
      config: {
        brokers: kafka.brokers.join(','),
        topic: kafka.topic,
        sasl_mechanism: kafka.saslMechanism,
        tls: kafka.tls,
        ...(kafka.partitionKeyTemplate !== undefined && {
          partition_key_template: kafka.partitionKeyTemplate,
        }),
        timeout_ms: timeout,
      },
      credentials: { username: kafka.username, password: mask(kafka.password) },
    }),

    presentOnce: () => ({}),
  };
}

/** Their fields, as `POST` and `PATCH` take them. */
export function kafkaSchemas(schemas: EndpointSchemas, rules: KafkaEndpointRules) {
  const config = kafkaConfig(rules);
  const credentials = z.strictObject({ username, password });
  const create = schemas.create.extend({
    type: z.literal('kafka'),
    config: config.extend({ timeout_ms: timeoutMs.default(defaultTimeoutMs) }),
    credentials,
  });
  const change = schemas.change.extend({
    config: config.extend({ timeout_ms: timeoutMs }).partial().optional(),
    credentials: credentials.partial().optional(),
  });
  return { create, change };
}

const username = z.string().regex(kafkaRules.username.pattern, kafkaRules.username.message);
const password = z
  .string()
  .regex(kafkaRules.password.pattern, kafkaRules.password.message)
  .refine((text) => !isMasked(text), 'is masked: send the password itself');

function kafkaConfig({ hostRule, partitionKeys }: KafkaEndpointRules) {
  return z.strictObject({
    brokers: z
      .string()
      .max(8192)
      .transform((text, context): readonly string[] => {
        const parsed = parseBrokers(text);
        if ('faults' in parsed) {
          for (const message of parsed.faults) context.addIssue({ code: 'custom', message });
          return z.NEVER;
        }
        for (const broker of parsed.brokers) {
          const fault = hostRule(brokerAddress(broker).host);
          if (fault) context.addIssue({ code: 'custom', message: `broker ${broker} ${fault}` });
        }
        return parsed.brokers;
      }),
    topic: z.string().regex(kafkaRules.topic.pattern, kafkaRules.topic.message),
    sasl_mechanism: z.string().transform((text, context) => {
      const mechanism = readSaslMechanism(text);
      if (mechanism !== undefined) return mechanism;
      context.addIssue({ code: 'custom', message: `must be one of ${saslMechanisms.join(', ')}` });
      return z.NEVER;
    }),
    tls: z
      .union([z.boolean(), z.string()], 'must be true or false')
      .transform((value, context) => {
        const tls = readTls(value);
        if (tls !== undefined) return tls;
        context.addIssue({ code: 'custom', message: 'must be true or false' });
        return z.NEVER;
      })
      .optional(),
    partition_key_template: z
      .string()
      .superRefine((template, context) => {
        const fault = partitionKeys.fault(template);
        if (fault) context.addIssue({ code: 'custom', message: fault });
      })
      .nullish(),
  });
}

/** @param template null or an empty one takes it away, undefined leaves it as it is */
function withTemplate(target: KafkaTarget, template: Config['partition_key_template']): KafkaTarget {
  if (template === undefined) return target;
  const { partitionKeyTemplate, ...rest } = target;
  return template?.trim() ? { ...rest, partitionKeyTemplate: template } : rest;
}

function newVersion() {
  return { credentialsVersion: randomId('cv') };
}

function withoutAbsent<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: NonNullable<Fields[Name]>;
  };
}
