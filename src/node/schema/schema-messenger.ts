// Carries schema rows between nodes: a push to everybody alive, a pull from one. Cassandra: schema/SchemaPushVerbHandler,
// SchemaPullVerbHandler.

import type { Mutation } from '../../data/partition.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { MigrationMessenger } from './migration-coordinator.ts';
import type { SchemaService } from './schema-service.ts';

export function schemaMessenger(messaging: Messaging): MigrationMessenger {
  return {
    push: (to, mutations) => messaging.tell(to, 'SCHEMA_PUSH_REQ', mutations),
    pull: (from, done) =>
      messaging.ask(from, 'SCHEMA_PULL_REQ', null, (answer) =>
        done(answer === null ? null : (answer.payload as readonly Mutation[])),
      ),
  };
}

export function serveSchema(messaging: Messaging, schema: SchemaService): void {
  messaging.serve('SCHEMA_PUSH_REQ', (message) =>
    schema.merge(message.payload as readonly Mutation[]),
  );
  messaging.serve('SCHEMA_PULL_REQ', (message, from) => {
    messaging.respond(message, from, 'SCHEMA_PULL_RSP', schema.allMutations());
  });
}
