// The opcodes of the native protocol and who sends which. Cassandra: transport/Message.java.

export const OPCODES = {
  ERROR: 0x00,
  STARTUP: 0x01,
  READY: 0x02,
  AUTHENTICATE: 0x03,
  CREDENTIALS: 0x04,
  OPTIONS: 0x05,
  SUPPORTED: 0x06,
  QUERY: 0x07,
  RESULT: 0x08,
  PREPARE: 0x09,
  EXECUTE: 0x0a,
  REGISTER: 0x0b,
  EVENT: 0x0c,
  BATCH: 0x0d,
  AUTH_CHALLENGE: 0x0e,
  AUTH_RESPONSE: 0x0f,
  AUTH_SUCCESS: 0x10,
} as const;

export type OpcodeName = keyof typeof OPCODES;

const NAMES = Object.keys(OPCODES) as OpcodeName[];

const REQUESTS: ReadonlySet<OpcodeName> = new Set<OpcodeName>([
  'STARTUP',
  'CREDENTIALS',
  'OPTIONS',
  'QUERY',
  'PREPARE',
  'EXECUTE',
  'REGISTER',
  'BATCH',
  'AUTH_RESPONSE',
]);

/** undefined: no message has this opcode. */
export function opcodeName(opcode: number): OpcodeName | undefined {
  return NAMES[opcode];
}

/** Why a server refuses this opcode before it looks at the body; null: it does not. */
export function requestOpcodeProblem(opcode: number, isResponse: boolean): string | null {
  const name = opcodeName(opcode);
  if (name === undefined) return `Unknown opcode ${(opcode << 24) >> 24}`;
  const isRequestOpcode = REQUESTS.has(name);
  if (isRequestOpcode !== isResponse) return null;
  const expected = isRequestOpcode ? 'REQUEST' : 'RESPONSE';
  const got = isResponse ? 'RESPONSE' : 'REQUEST';
  return `Wrong protocol direction (expected ${expected}, got ${got}) for opcode ${opcode} (${name})`;
}
