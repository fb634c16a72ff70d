// How a command ends: exit codes as documented, one place that turns an error into words and a
// code.

import { AddressProblem, inUseText } from '../drill/addresses.ts';
import { InvalidDocument } from '../topology/load-topology.ts';
import { UnknownPlace } from '../topology/place.ts';

export const EXIT = { passed: 0, ourBug: 1, usage: 2, environment: 3 } as const;

/** Something of the environment is missing or taken; the message says what to do. */
export class EnvironmentProblem extends Error {
  override readonly name = 'EnvironmentProblem';
}

/** The command line or a file is wrong; the message says where and what fits. */
export class UsageProblem extends Error {
  override readonly name = 'UsageProblem';
}

export function explainError(error: unknown): { readonly code: number; readonly text: string } {
  if (
    error instanceof UsageProblem ||
    error instanceof InvalidDocument ||
    error instanceof UnknownPlace
  ) {
    return { code: EXIT.usage, text: error.message };
  }
  if (error instanceof EnvironmentProblem || error instanceof AddressProblem)
    return { code: EXIT.environment, text: error.message };
  const system = systemProblem(error);
  if (system !== null) return { code: EXIT.environment, text: system };
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    code: EXIT.ourBug,
    text: `This is a bug of Starfish. Please report it with the lines below.\n${text}`,
  };
}

function systemProblem(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  const address =
    'address' in error
      ? `${String(error.address)}:${'port' in error ? String(error.port) : ''}`
      : '';
  switch (error.code) {
    case 'EADDRINUSE':
      return inUseText(address);
    case 'EADDRNOTAVAIL':
      return (
        `This system has no address ${address}. Give it one (macOS: sudo ifconfig lo0 alias ${address.split(':')[0] ?? ''} up), ` +
        'or use one address with a port per node: --address-block none'
      );
    case 'EACCES':
      return `Not allowed: ${error.message}`;
    case 'EMFILE':
      return 'Too many open files. Raise the limit: ulimit -n 65536';
    default:
      return null;
  }
}
