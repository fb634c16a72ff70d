// Guardrails of a running node: getguardrailsconfig, setguardrailsconfig. What is set holds until the node ends.
// Test: test/nodetool/guardrails.test.ts. Cassandra: tools/nodetool/GuardrailsConfigCommand, GuardrailsMBean.

import { CONSISTENCY_LEVELS } from '../../data/consistency.ts';
import { sentHashOrder } from '../../data/java-hash-order.ts';
import type { GuardrailSettings } from '../../node/guardrails/guardrail-settings.ts';
import {
  AGE_THRESHOLDS,
  DEFAULT_GUARDRAILS,
  SIZE_SETTINGS,
} from '../../node/guardrails/guardrail-settings.ts';
import { guardrailsProblem } from '../../node/guardrails/validate-settings.ts';
import { durationText, sizeText } from '../../node/query/system/setting-text.ts';
import { parseDurationMs } from '../../topology/units.ts';
import { sizeOf } from '../cassandra-settings.ts';
import { aligned } from './text.ts';
import type { Tool, VerbTable, Words } from './verb.ts';
import { badUse, NodetoolFailure, option } from './verb.ts';

const CATEGORIES = ['values', 'thresholds', 'flags', 'others'] as const;
type Category = (typeof CATEGORIES)[number];
/** In the order they are printed. */
const PRINTED: readonly Category[] = ['flags', 'thresholds', 'values', 'others'];

/** Settings about reads are no guardrails. */
const NAMES = Object.keys(DEFAULT_GUARDRAILS)
  .filter((name) => !/_read_size_|^read_thresholds_enabled$/.test(name))
  .sort();

/** What is asked for and set in one: a setting, or the two ends of a threshold. */
interface Item {
  readonly name: string;
  /** Failure before warning. */
  readonly settings: readonly string[];
  readonly category: Category;
}

const ITEMS: readonly Item[] = [...new Set(NAMES.map(shortName))].sort().map((name) => ({
  name,
  settings: NAMES.filter((setting) => shortName(setting) === name),
  category: categoryOf(name),
}));

export const GUARDRAIL_VERBS: VerbTable = {
  getguardrailsconfig: {
    about: 'Print runtime configuration of guardrails.',
    usage: '[<name>]',
    argumentsMax: Infinity,
    options: {
      ...option('category', ['-c', '--category'], true),
      ...option('expand', ['--expand']),
    },
    run: printGuardrails,
  },
  setguardrailsconfig: {
    about: 'Modify runtime configuration of guardrails.',
    usage: '[<setter> <value1> ...]',
    argumentsMax: Infinity,
    run: setGuardrails,
  },
};

function shortName(setting: string): string {
  return setting.replace(/_(warn|fail)_threshold$/, '_threshold');
}

function categoryOf(name: string): Category {
  if (name.endsWith('_threshold')) return 'thresholds';
  const usual = DEFAULT_GUARDRAILS[name as keyof GuardrailSettings];
  if (typeof usual === 'boolean') return 'flags';
  return Array.isArray(usual) ? 'values' : 'others';
}

function printGuardrails(tool: Tool, words: Words): void {
  const category = words.value('category');
  if (category !== undefined && !(CATEGORIES as readonly string[]).includes(category)) {
    const text = `Illegal value for -c/--category used: '${category}'. Supported values are ${CATEGORIES.join(',')}.`;
    throw new NodetoolFailure(`\nError: ${text}`, 1);
  }
  const [name, second] = words.arguments;
  if (second !== undefined) {
    throw badUse(
      'Specify only one guardrail name to get the configuration of or no name to get the configuration of all of them.',
    );
  }
  if (name !== undefined && category !== undefined)
    throw badUse('Do not specify additional arguments when --category/-c is set.');
  const items = name === undefined ? ITEMS : itemsNamed(name);
  const rows = PRINTED.filter((one) => category === undefined || one === category).flatMap((one) =>
    items
      .filter((item) => item.category === one)
      .flatMap((item) => rowsOf(item, tool.node.guardrails, words.has('expand'))),
  );
  const [only] = rows;
  const isOne = only !== undefined && rows.length === 1 && category === undefined;
  tool.lines(aligned(isOne ? [[only[1] ?? '']] : rows));
}

/** By its short name, or one of its settings. */
function itemsNamed(name: string): readonly Item[] {
  for (const item of ITEMS) {
    if (item.name === name) return [item];
    if (item.settings.includes(name)) return [{ ...item, settings: [name] }];
  }
  throw badUse(`Guardrail ${name} not found.`);
}

function rowsOf(item: Item, settings: GuardrailSettings, isExpanded: boolean): string[][] {
  const texts = item.settings.map((name) => valueText(name, settings));
  if (isExpanded && item.category === 'thresholds')
    return item.settings.map((name, i) => [name, texts[i] ?? '']);
  return [[item.name, texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`]];
}

function valueText(name: string, settings: GuardrailSettings): string {
  const value = settings[name as keyof GuardrailSettings];
  if (value === null) return 'null';
  if (typeof value === 'object') {
    const items: readonly string[] = value;
    const inOrder = name.includes('_consistency_levels_')
      ? CONSISTENCY_LEVELS.filter((level) => items.includes(level))
      : sentHashOrder(items);
    return `[${inOrder.join(', ')}]`;
  }
  if (typeof value === 'number' && SIZE_SETTINGS.has(name)) return sizeText(value);
  return typeof value === 'number' && AGE_THRESHOLDS.has(name)
    ? durationText(value)
    : String(value);
}

function setGuardrails(tool: Tool, words: Words): void {
  const [setter, ...given] = words.arguments;
  if (setter === undefined) throw badUse('No arguments.');
  const item = ITEMS.find(({ name }) => name === setter);
  if (item === undefined) throw badUse(`Guardrail ${setter} not found.`);
  const values = item.category === 'values' ? [given.join(',')] : given;
  const { settings } = item;
  if (values.length !== settings.length || given.length === 0) {
    throw badUse(
      `${setter} is expecting ${settings.length} argument values. Getting ${given.length} instead.`,
    );
  }
  const refuse = (reason: string): Error =>
    badUse(
      `Error occured when setting the config for setter ${setter} with arguments [${values.join(', ')}]: ${reason}`,
    );
  const changed: Record<string, unknown> = {};
  // A size is read where it is set, the warning's first.
  const inOrder = settings.map((name, i) => ({ name, text: values[i] ?? '' }));
  const isText = settings.some((name) => SIZE_SETTINGS.has(name) || AGE_THRESHOLDS.has(name));
  for (const { name, text } of isText ? [...inOrder].reverse() : inOrder) {
    const parsed = parseValue(name, text);
    if ('refusal' in parsed) throw refuse(parsed.refusal);
    changed[name] = parsed.value;
  }
  const { node } = tool;
  const after = { ...node.guardrails, ...(changed as Partial<GuardrailSettings>) };
  const problem = guardrailsProblem({ ...node.options.config, ...after });
  if (problem !== null) throw refuse(problem);
  node.setGuardrails(after);
}

type Parsed = { readonly value: unknown } | { readonly refusal: string };

function parseValue(name: string, text: string): Parsed {
  const usual = DEFAULT_GUARDRAILS[name as keyof GuardrailSettings];
  if (SIZE_SETTINGS.has(name)) return parseSize(text);
  if (AGE_THRESHOLDS.has(name)) return parseAge(text);
  if (typeof usual === 'boolean') {
    if (text === 'true' || text === 'false') return { value: text === 'true' };
    return { refusal: "Use 'true' or 'false' values for booleans" };
  }
  if (typeof usual === 'number') {
    if (text === 'null') return { value: -1 };
    return /^[+-]?\d+$/.test(text)
      ? { value: Number(text) }
      : { refusal: `For input string: "${text}"` };
  }
  const items = text === 'null' || text === '[]' ? [] : text.split(',');
  if (!name.includes('_consistency_levels_'))
    return { value: items.map((item) => item.toLowerCase()) };
  const levels: readonly string[] = CONSISTENCY_LEVELS;
  const unknown = items.find((item) => !levels.includes(item));
  if (unknown === undefined) return { value: items };
  return { refusal: `No enum constant org.apache.cassandra.db.ConsistencyLevel.${unknown}` };
}

function parseSize(text: string): Parsed {
  if (text === 'null') return { value: null };
  const bytes = /^\d+(B|KiB|MiB|GiB)$/.test(text) ? sizeOf(text) : null;
  if (bytes !== null) return { value: bytes };
  return {
    refusal:
      `Invalid data storage: ${text} Accepted units:[BYTES, KIBIBYTES, MEBIBYTES, GIBIBYTES] where case matters ` +
      'and only non-negative values are accepted',
  };
}

function parseAge(text: string): Parsed {
  if (text === 'null') return { value: null };
  const ms = /^\d+(us|ms|s|m|h|d)$/.test(text) ? parseDurationMs(text) : null;
  if (ms !== null) return { value: ms };
  return {
    refusal:
      `Invalid duration: ${text} Accepted units:[MICROSECONDS, MILLISECONDS, SECONDS, MINUTES, HOURS, DAYS] where ` +
      'case matters and only non-negative values.',
  };
}
