// For every pair of 46 types: assignable, compatible, stored the same way, as the original classes
// answered.

import { expect, test } from 'vitest';
import {
  isCompatible,
  isSerializationCompatible,
  typeAssignment,
} from '../../src/data/type-compatibility.ts';
import { typesEqual } from '../../src/data/type-names.ts';
import { facts } from '../read-facts.ts';
import { typeOf } from './recorded.ts';

const recorded = facts<{
  types: string[];
  /**
   * One line a source type, one word a target: 2 exact, 1 weak, 0 no; C compatible; S stored alike.
   */
  pairs: string[];
}>('recorded/compatibility.json');

test.each(recorded.types.map((name, i) => [name, recorded.pairs[i]?.split(' ') ?? []] as const))(
  '%s',
  (name, answers) => {
    const from = typeOf(name);
    recorded.types.forEach((target, i) => {
      const to = typeOf(target);
      const assignment = { exact: 2, weak: 1, no: 0 }[typeAssignment(from, to)];
      const answer = `${assignment}${isCompatible(to, from) ? 'C' : '-'}${isSerializationCompatible(to, from) ? 'S' : '-'}`;
      // An x is a class cast error of Cassandra's own.
      const expected = answers[i] ?? '';
      const shown = [...answer].map((char, at) => (expected[at] === 'x' ? 'x' : char)).join('');
      expect(`${name} to ${target}: ${shown}`).toBe(`${name} to ${target}: ${expected}`);
      expect(typesEqual(from, to)).toBe(name === target);
    });
  },
);
