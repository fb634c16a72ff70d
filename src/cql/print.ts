// Prints parsed terms, selectors and relations in Cassandra's normal form: result column names,
// error texts, and the WHERE clause of a view as the schema tables keep it. What depends on the
// schema (which keyspace a function is in, how a resolved type is called) comes from the caller.
// Source: cql3/Term.Raw.getText, selection/Selectable, cql3/*Relation.toCQLString. Story:
// test/cql-parser/print.test.ts.

import type {
  ArithmeticOperator,
  CustomExpression,
  QualifiedName,
  RawType,
  Relation,
  Selector,
  Term,
  WhereClause,
} from './ast.ts';
import { columnHashOrder } from '../data/java-hash-order.ts';
import { quoteIdentifier } from './identifier.ts';
import { printType } from './print-type.ts';

export { printType } from './print-type.ts';

const OPERATION_FUNCTIONS: Readonly<Record<ArithmeticOperator, string>> = {
  '+': '_add',
  '-': '_substract',
  '*': '_multiply',
  '/': '_divide',
  '%': '_modulo',
};

/**
 * A term as error texts show it. Arithmetic prints as the call it stands for, markers print as
 * `?`.
 */
export function printTerm(term: Term): string {
  switch (term.kind) {
    case 'literal':
      return term.type === 'STRING' ? `'${term.text}'` : term.text;
    case 'null':
      return 'NULL';
    case 'marker':
      return '?';
    case 'list':
      return `[${printTerms(term.elements)}]`;
    case 'set':
      return `{${printTerms(term.elements)}}`;
    case 'map':
      return printPairs(term.entries, printTerm);
    case 'udt':
      return printFields(term.fields);
    case 'tuple':
      return `(${printTerms(term.elements)})`;
    case 'call':
      return printCall(term.function, term.args);
    case 'operation':
      return printCall(native(OPERATION_FUNCTIONS[term.operator]), [term.left, term.right]);
    case 'negation':
      return printCall(native('_negate'), [term.operand]);
    case 'type-hint':
      return `(${printType(term.type)})${printTerm(term.term)}`;
    case 'cast':
      return printCall(native(`cast_as_${term.type}`), [term.term]);
  }
}

/** Fields in the order of the hash map that Cassandra keeps them in. */
function printFields(fields: Extract<Term, { kind: 'udt' }>['fields']): string {
  const values = new Map(fields.map(({ name, value }) => [name, value]));
  const printed = [...columnHashOrder(values.keys())].map(
    (name) => `${name}: ${printTerm(values.get(name) ?? { kind: 'null' })}`,
  );
  return `{${printed.join(', ')}}`;
}

function native(name: string): QualifiedName {
  return { keyspace: 'system', name };
}

function printPairs<P>(
  entries: readonly { readonly key: P; readonly value: P }[],
  print: (part: P) => string,
): string {
  return `{${entries.map(({ key, value }) => `${print(key)}: ${print(value)}`).join(', ')}}`;
}

function printTerms(terms: readonly Term[]): string {
  return terms.map(printTerm).join(', ');
}

function printCall({ keyspace, name }: QualifiedName, args: readonly Term[]): string {
  const qualifier = keyspace === null ? '' : `${quoteIdentifier(keyspace)}.`;
  // token is reserved, and yet the one name that needs no quotes in a call.
  const printed = name === 'token' ? name : quoteIdentifier(name);
  return `${qualifier}${printed}(${printTerms(args)})`;
}

/** What printing a selector needs to know of the schema. */
export interface SelectorNaming {
  /**
   * The full name of the function a call resolved to, as `system.max`: keyspace, and the name as
   * it was written.
   */
  readonly functionName: (call: Extract<Selector, { kind: 'call' }>) => string;
  /** A resolved type in a hint: `int`, `vector<int, 2>`, `e.addr`. */
  readonly typeName: (type: RawType) => string;
}

/** Naming by the text alone, for callers without a schema. */
export const TEXT_NAMING: SelectorNaming = {
  functionName: ({ function: { keyspace, name } }) =>
    keyspace === null ? name : `${keyspace}.${name}`,
  typeName: printType,
};

/**
 * The name of a result column: `count`, `system.max(v)`, `cast(v as text)`, `m['b'..'z']`, `(v +
 * 1) * 2`.
 */
export function printSelector(selector: Selector, naming: SelectorNaming): string {
  const print = (inner: Selector): string => printSelector(inner, naming);
  const printAll = (inner: readonly Selector[]): string => inner.map(print).join(', ');
  switch (selector.kind) {
    case 'column':
      return selector.name;
    case 'term':
      return printTerm(selector.term);
    case 'count-rows':
      return 'count';
    case 'cell-attribute':
      return `${selector.attribute}(${print(selector.selector)})`;
    case 'cast':
      return `cast(${print(selector.selector)} as ${selector.type})`;
    case 'call':
      return countsLiteral(selector)
        ? 'count'
        : `${naming.functionName(selector)}(${printAll(selector.args)})`;
    case 'operation':
      return `${print(selector.left)} ${selector.operator} ${print(selector.right)}`;
    case 'negation':
      return `-${print(selector.operand)}`;
    case 'field':
      return `${print(selector.receiver)}.${selector.field}`;
    case 'element':
      return `${print(selector.receiver)}[${printTerm(selector.key)}]`;
    case 'slice':
      return `${print(selector.receiver)}[${bound(selector.from)}..${bound(selector.to)}]`;
    case 'type-hint':
      return `(${naming.typeName(selector.type)})${print(selector.selector)}`;
    case 'list':
      return `[${printAll(selector.elements)}]`;
    case 'set':
      return `{${printAll(selector.elements)}}`;
    case 'map-or-udt':
      return printPairs(selector.entries, print);
    case 'tuple-or-parentheses':
      return `(${printAll(selector.elements)})`;
  }
}

/** `COUNT(1)` is COUNT(*). */
export function countsLiteral(call: Extract<Selector, { kind: 'call' }>): boolean {
  const { keyspace, name } = call.function;
  const [argument] = call.args;
  const isCount = name === 'count' && (keyspace === null || keyspace === 'system');
  return (
    isCount &&
    call.args.length === 1 &&
    argument?.kind === 'term' &&
    argument.term.kind === 'literal'
  );
}

function bound(term: Term | null): string {
  return term === null ? '' : printTerm(term);
}

/** A relation as error texts and stored view definitions show it. */
export function printRelation(relation: Relation): string {
  switch (relation.kind) {
    case 'single':
      return `${quoteIdentifier(relation.column)} ${comparison(relation)}`;
    case 'in':
      return `${quoteIdentifier(relation.column)} IN (${printTerms(relation.values)})`;
    case 'in-marker':
      return `${quoteIdentifier(relation.column)} IN ?`;
    case 'map-entry': {
      const entry = `${quoteIdentifier(relation.column)}[${printTerm(relation.key)}]`;
      return `${entry} ${relation.operator} ${printTerm(relation.value)}`;
    }
    case 'token':
      return `token${columnTuple(relation.columns)} ${comparison(relation)}`;
    case 'multi':
      return `${columnTuple(relation.columns)} ${comparison(relation)}`;
    case 'multi-in':
      return `${columnTuple(relation.columns)} IN (${printTerms(relation.values)})`;
    case 'multi-in-marker':
      return `${columnTuple(relation.columns)} IN ?`;
  }
}

function comparison({
  operator,
  value,
}: {
  readonly operator: string;
  readonly value: Term;
}): string {
  return `${operator} ${printTerm(value)}`;
}

function columnTuple(columns: readonly string[]): string {
  return `(${columns.map(quoteIdentifier).join(', ')})`;
}

function printExpression({ index, value }: CustomExpression): string {
  return `expr(${quoteIdentifier(index.name)},${printTerm(value)})`;
}

/** A WHERE clause as system_schema.views stores it, to be read again: relations, then index expressions. */
export function printWhereClause(where: WhereClause): string {
  const { relations, expressions } = withQuotesDoubled(where);
  return [...relations.map(printRelation), ...expressions.map(printExpression)].join(' AND ');
}

/** Cassandra leaves quotes inside of strings as they are, and cannot read its view again when it starts. */
function withQuotesDoubled<T>(part: T): T {
  if (Array.isArray(part)) return part.map(withQuotesDoubled) as T;
  if (typeof part !== 'object' || part === null) return part;
  const copy = Object.fromEntries(
    Object.entries(part).map(([name, value]) => [name, withQuotesDoubled(value)]),
  );
  const isString = copy['kind'] === 'literal' && copy['type'] === 'STRING';
  return (isString ? { ...copy, text: String(copy['text']).replaceAll("'", "''") } : copy) as T;
}
