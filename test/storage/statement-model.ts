// A tiny translation of the statements in facts/cells.json into updates of a store, so that their outcomes can be
// checked on storage alone. Understands those statements only.

import type { Int64 } from '../../src/base/int64.ts';
import { addCounterDelta, counterTotal } from '../../src/data/counter-context.ts';
import type { CqlType } from '../../src/data/cql-type.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import { liveCells, liveStaticRow, ttlOf, valueOf } from '../../src/data/live-view.ts';
import { cellOf, forEachLiveRow } from '../../src/data/live-view.ts';
import { unpackList, unpackTuple } from '../../src/data/codec/packing.ts';
import {
  liveCell,
  livenessOf,
  PartitionBuilder,
  RowBuilder,
  tombstoneCell,
} from '../../src/data/partition-builder.ts';
import type { Cell, DecoratedKey, Row } from '../../src/data/partition.ts';
import { LIVE } from '../../src/data/partition.ts';
import type { ColumnMetadata, TableMetadata } from '../../src/data/schema.ts';
import { TableStore } from '../../src/node/storage/table-store.ts';
import { splitTop } from '../cql/bind-values.ts';
import { column, dataOf, int, intKey, makeTable, NOW, readKey, text } from './fixtures.ts';

const UDT: CqlType = {
  kind: 'udt',
  keyspace: 'ks',
  name: 'ab',
  fieldNames: ['a', 'b'],
  fieldTypes: [NATIVE.text, NATIVE.text],
  frozen: false,
};
const TEXTS = { element: NATIVE.text, frozen: false } as const;

const TABLES: Readonly<Record<string, TableMetadata>> = {
  t: makeTable({
    name: 't',
    clustering: { c: NATIVE.int },
    regulars: { v: NATIVE.text, w: NATIVE.text, n: NATIVE.int },
  }),
  s: makeTable({
    name: 's',
    clustering: { c: NATIVE.int },
    statics: { s: NATIVE.text },
    regulars: { v: NATIVE.text },
  }),
  l: makeTable({
    name: 'l',
    regulars: {
      l: { kind: 'list', ...TEXTS },
      s: { kind: 'set', ...TEXTS },
      m: { kind: 'map', key: NATIVE.text, value: NATIVE.text, frozen: false },
      f: { kind: 'list', element: NATIVE.text, frozen: true },
    },
  }),
  u: makeTable({ name: 'u', regulars: { u: UDT } }),
  p: makeTable({
    name: 'p',
    clustering: { c1: NATIVE.int, c2: NATIVE.int },
    regulars: { v: NATIVE.int },
  }),
  d: makeTable({ name: 'd', params: { default_time_to_live: 1000 } }),
  n: makeTable({ name: 'n', regulars: { a: NATIVE.counter, b: NATIVE.counter } }),
};

/** Executes statements on stores of its own; timestamps without USING count up from a recent time. */
export class StatementModel {
  private readonly stores = new Map<string, TableStore>();
  private readonly key: DecoratedKey = intKey(7);
  private clock = 1_700_000_000_000_000;
  private uuids = 0;
  private prepends = 0;
  private readonly counters = new Map<string, Buffer>();

  execute(statement: string): void {
    const batch = /^BEGIN BATCH\s*(USING TIMESTAMP \d+)?(.*)APPLY BATCH$/s.exec(statement);
    if (batch === null) {
      this.run([statement], ++this.clock);
      return;
    }
    const given = /\d+/.exec(batch[1] ?? '')?.[0];
    const statements = (batch[2] ?? '').split(';').map((one) => one.trim());
    this.run(
      statements.filter((one) => one !== ''),
      given === undefined ? ++this.clock : Number(given),
    );
  }

  select(statement: string): readonly Record<string, unknown>[] {
    const match = /^SELECT (.*) FROM (\w+) /.exec(statement);
    const name = match?.[2] ?? '';
    const table = TABLES[name] as TableMetadata;
    const selectors = splitTop(match?.[1] ?? '');
    const command = readKey(table, this.key);
    const rows: Record<string, unknown>[] = [];
    for (const partition of dataOf(this.store(name), command).partitions) {
      const statics = liveStaticRow(partition, NOW);
      forEachLiveRow(partition, command, (row) => {
        const entries = selectors.map((one) => [one, select(table, one, { row, statics })]);
        rows.push(Object.fromEntries(entries) as Record<string, unknown>);
      });
    }
    return rows;
  }

  private store(name: string): TableStore {
    const table = TABLES[name] as TableMetadata;
    let store = this.stores.get(name);
    if (store === undefined) {
      store = new TableStore(table, { tombstoneFailureThreshold: 100_000 });
      this.stores.set(name, store);
    }
    return store;
  }

  private run(statements: readonly string[], timestamp: number): void {
    const builders = new Map<string, PartitionBuilder>();
    for (const one of statements) {
      const name = /(?:INTO|UPDATE|FROM) (\w+)/.exec(one)?.[1] ?? '';
      const table = TABLES[name] as TableMetadata;
      const builder = builders.get(name) ?? new PartitionBuilder(table, this.key);
      builders.set(name, builder);
      this.translate(one, { name, table, builder, timestamp });
    }
    for (const [name, builder] of builders) this.store(name).apply(builder.build());
  }

  private translate(statement: string, at: Target): void {
    const timestamp = Number(/TIMESTAMP (-?\d+)/.exec(statement)?.[1] ?? at.timestamp);
    const given = /TTL (\d+)/.exec(statement)?.[1];
    const ttl = given === undefined ? at.table.params.default_time_to_live : Number(given);
    const write = { timestamp, ttl, nowSeconds: NOW };
    const target = { ...at, write };
    if (statement.startsWith('INSERT')) this.insert(statement, target);
    else if (statement.startsWith('UPDATE')) this.update(statement, target);
    else this.remove(statement, target);
  }

  private insert(statement: string, at: WriteTarget): void {
    const match = /\((.*?)\) VALUES \((.*)\)(?: USING.*| IF NOT EXISTS)?$/.exec(statement);
    const names = splitTop(match?.[1] ?? '');
    const values = splitTop(match?.[2] ?? '');
    const given = new Map(names.map((name, i) => [name, values[i] ?? 'null']));
    const clustering = at.table.clustering.map(({ name }) => int(Number(given.get(name))));
    const row = new RowBuilder(clustering).setLiveness(livenessOf(at.write));
    const statics = new RowBuilder();
    for (const [name, literal] of given) {
      const target = column(at.table, name);
      if (target.kind === 'regular') this.assign(row, target, literal, at);
      if (target.kind === 'static') this.assign(statics, target, literal, at);
    }
    at.builder.addRow(row.build()).addStatic(statics.build());
  }

  private update(statement: string, at: WriteTarget): void {
    const match = / SET (.*) WHERE (.*)$/.exec(statement);
    const { clustering } = where(at.table, match?.[2] ?? '');
    const row = new RowBuilder(clustering);
    const statics = new RowBuilder();
    for (const assignment of splitTop(match?.[1] ?? '')) {
      const name = /^\w+/.exec(assignment)?.[0] ?? '';
      const target = column(at.table, name);
      this.operate(target.kind === 'static' ? statics : row, target, assignment, at);
    }
    at.builder.addRow(row.build()).addStatic(statics.build());
  }

  private operate(
    row: RowBuilder,
    target: ColumnMetadata,
    assignment: string,
    at: WriteTarget,
  ): void {
    const { name } = target;
    const element = /^\w+\[(.*?)\]=(.*)$/.exec(assignment);
    const field = /^\w+\.(\w+)=(.*)$/.exec(assignment);
    const counter = /^\w+(?:=\w+)?([+-])=?(\d+)$/.exec(assignment);
    if (target.type === NATIVE.counter && counter !== null) {
      row.addCell(this.count(target, Number(`${counter[1] ?? ''}${counter[2] ?? ''}`), at));
    } else if (element !== null) {
      const path = this.elementPath(target, element[1] ?? '', at);
      row.addCell(cellFor(target, element[2] ?? '', at, path));
    } else if (field !== null) {
      const fields = target.type.kind === 'udt' ? target.type.fieldNames : [];
      row.addCell(cellFor(target, field[2] ?? '', at, int16(fields.indexOf(field[1] ?? ''))));
    } else if (
      assignment.startsWith(`${name}=${name}+`) ||
      assignment.startsWith(`${name}=${name}-`)
    ) {
      const literal = assignment.slice(name.length * 2 + 2);
      const isAdding = assignment[name.length * 2 + 1] === '+';
      if (isAdding) row.addComplex(target, LIVE, this.cells(target, literal, at));
      else this.removeElements(row, target, literal, at);
    } else if (assignment.endsWith(`+${name}`)) {
      const literal = assignment.slice(name.length + 1, -name.length - 1);
      row.addComplex(target, LIVE, this.prepended(target, literal, at));
    } else this.assign(row, target, assignment.slice(name.length + 1), at);
  }

  /** A plain assignment: of a collection a deletion just before and cells. */
  private assign(row: RowBuilder, target: ColumnMetadata, literal: string, at: WriteTarget): void {
    if (!target.isComplex) {
      row.addCell(cellFor(target, literal, at, null));
      return;
    }
    const deletion = { markedForDeleteAt: at.write.timestamp - 1, localDeletionTime: NOW };
    row.addComplex(target, deletion, literal === 'null' ? [] : this.cells(target, literal, at));
  }

  private cells(target: ColumnMetadata, literal: string, at: WriteTarget): Cell[] {
    const parts = splitTop(literal.slice(1, -1)).filter((part) => part !== '');
    switch (target.type.kind) {
      case 'set':
        return parts.map((part) => liveCell(target, Buffer.alloc(0), at.write, bytesOf(part)));
      case 'map':
        return parts.map((part) => {
          const [key = '', value = ''] = part.split(':');
          return liveCell(target, bytesOf(value), at.write, bytesOf(key));
        });
      case 'udt': {
        const { fieldNames } = target.type;
        // A field that is null writes nothing: the deletion before it is enough.
        return fieldNames.flatMap((field, i) => {
          const given = parts.find((part) => part.startsWith(`${field}:`));
          if (given === undefined) return [];
          return [cellFor(target, given.slice(field.length + 1), at, int16(i))];
        });
      }
      default:
        return parts.map((part) =>
          liveCell(target, bytesOf(part), at.write, timeUuid(++this.uuids)),
        );
    }
  }

  private prepended(target: ColumnMetadata, literal: string, at: WriteTarget): Cell[] {
    const parts = splitTop(literal.slice(1, -1)).toReversed();
    return parts.map((part) =>
      liveCell(target, bytesOf(part), at.write, timeUuid(-++this.prepends)),
    );
  }

  private removeElements(
    row: RowBuilder,
    target: ColumnMetadata,
    literal: string,
    at: WriteTarget,
  ): void {
    const parts = splitTop(literal.slice(1, -1)).map(bytesOf);
    const { timestamp } = at.write;
    if (target.type.kind === 'list') {
      for (const cell of this.current(target, at)) {
        if (parts.some((part) => part.equals(cell.value))) {
          row.addCell(tombstoneCell(target, { timestamp, nowSeconds: NOW }, cell.path));
        }
      }
      return;
    }
    for (const part of parts)
      row.addCell(tombstoneCell(target, { timestamp, nowSeconds: NOW }, part));
  }

  private elementPath(target: ColumnMetadata, index: string, at: WriteTarget): Buffer {
    if (target.type.kind === 'map') return bytesOf(index);
    const cell = this.current(target, at)[Number(index)];
    if (cell?.path === undefined || cell.path === null) throw new Error('List index out of bound');
    return cell.path;
  }

  private current(target: ColumnMetadata, at: WriteTarget): readonly Cell[] {
    const row = this.store(at.name).current(this.key).rows[0];
    return row === undefined ? [] : liveCells(row, target, NOW);
  }

  /** The leader's part: its last shard is remembered even when the row was deleted, as by Cassandra's counter cache. */
  private count(target: ColumnMetadata, delta: number, at: WriteTarget): Cell {
    const known = this.counters.get(target.name) ?? null;
    const value = addCounterDelta(known, Buffer.alloc(16, 1), delta);
    this.counters.set(target.name, value);
    return liveCell(target, value, { ...at.write, ttl: 0 });
  }

  private remove(statement: string, at: WriteTarget): void {
    const match = /^DELETE (.*?)\s?FROM \w+ (?:USING TIMESTAMP -?\d+ )?WHERE (.*)$/.exec(statement);
    const condition = match?.[2] ?? '';
    const { timestamp } = at.write;
    const deletion = { markedForDeleteAt: timestamp as Int64, localDeletionTime: NOW };
    const target = match?.[1] ?? '';
    const { clustering, range } = where(at.table, condition);
    if (target !== '') {
      const name = /^\w+/.exec(target)?.[0] ?? '';
      const removed = column(at.table, name);
      const row = new RowBuilder(clustering);
      const element = /\[(.*)\]/.exec(target)?.[1];
      const when = { timestamp, nowSeconds: NOW };
      if (element !== undefined) {
        row.addCell(tombstoneCell(removed, when, this.elementPath(removed, element, at)));
      } else if (removed.isComplex) row.addComplex(removed, deletion, []);
      else row.addCell(tombstoneCell(removed, when));
      if (removed.kind === 'static') at.builder.addStatic(row.build());
      else at.builder.addRow(row.build());
    } else if (range !== null) at.builder.addRange({ ...range, deletion });
    else if (clustering.length === at.table.clustering.length && clustering.length > 0) {
      at.builder.addRow(new RowBuilder(clustering).deleteRow(deletion).build());
    } else at.builder.deletePartition(deletion);
  }
}

interface Target {
  readonly name: string;
  readonly table: TableMetadata;
  readonly builder: PartitionBuilder;
  readonly timestamp: number;
}
interface WriteTarget extends Target {
  readonly write: { readonly timestamp: number; readonly ttl: number; readonly nowSeconds: number };
}

function cellFor(
  target: ColumnMetadata,
  literal: string,
  at: WriteTarget,
  path: Buffer | null,
): Cell {
  if (literal === 'null') {
    return tombstoneCell(target, { timestamp: at.write.timestamp, nowSeconds: NOW }, path);
  }
  if (target.type === NATIVE.int) return liveCell(target, int(Number(literal)), at.write, path);
  if (literal.startsWith('[')) return liveCell(target, packed(literal), at.write, path);
  return liveCell(target, bytesOf(literal), at.write, path);
}

function packed(literal: string): Buffer {
  const parts = splitTop(literal.slice(1, -1))
    .filter((part) => part !== '')
    .map(bytesOf);
  return Buffer.concat([int(parts.length), ...parts.flatMap((part) => [int(part.length), part])]);
}

function bytesOf(literal: string): Buffer {
  return text(literal.trim().replace(/^'|'$/g, ''));
}

function int16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

/** A version 1 UUID whose time is `at`; negative ones sort first. */
function timeUuid(at: number): Buffer {
  const time = 1_000_000n + BigInt(at);
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(Number(time & 0xffff_ffffn), 0);
  bytes.writeUInt16BE(Number((time >> 32n) & 0xffffn), 4);
  bytes.writeUInt16BE(0x1000, 6);
  bytes[8] = 0x80;
  return bytes;
}

/** The clustering (or its fixed prefix) and the range of a WHERE clause. */
function where(table: TableMetadata, condition: string) {
  const tuple = /\((\w+(?:,\w+)*)\)\s*([<>]=?)\s*\(([-\d,]+)\)/.exec(condition);
  if (tuple !== null) {
    const prefix = (tuple[3] ?? '').split(',').map((one) => int(Number(one)));
    const inclusive = tuple[2] === '>=' || tuple[2] === '<=';
    const bound = { prefix, inclusive };
    const open = { prefix: [], inclusive: true };
    const isFrom = tuple[2]?.startsWith('>') === true;
    return {
      clustering: [],
      range: isFrom ? { start: bound, end: open } : { start: open, end: bound },
    };
  }
  const fixed: Buffer[] = [];
  let start: { prefix: Buffer[]; inclusive: boolean } | null = null;
  let end: { prefix: Buffer[]; inclusive: boolean } | null = null;
  for (const part of condition.split(' AND ')) {
    const match = /^(\w+)\s*(=|[<>]=?)\s*(-?\d+)$/.exec(part.trim());
    if (match === null || table.clustering.every(({ name }) => name !== match[1])) continue;
    const value = int(Number(match[3]));
    const inclusive = match[2]?.endsWith('=') === true;
    if (match[2] === '=') fixed.push(value);
    else if (match[2]?.startsWith('>') === true) start = { prefix: [...fixed, value], inclusive };
    else end = { prefix: [...fixed, value], inclusive };
  }
  const isPrefix = fixed.length > 0 && fixed.length < table.clustering.length;
  if (start === null && end === null && !isPrefix) return { clustering: fixed, range: null };
  const whole = { prefix: fixed, inclusive: true };
  return { clustering: [], range: { start: start ?? whole, end: end ?? whole } };
}

function select(
  table: TableMetadata,
  selector: string,
  rows: { readonly row: Row | null; readonly statics: Row | null },
): unknown {
  const call = /^(writetime|ttl|maxwritetime)\((\w+)(?:\[(.*)\]|\.(\w+))?\)$/.exec(selector);
  const name = call?.[2] ?? /^\w+/.exec(selector)?.[0] ?? '';
  const target = column(table, name);
  const row = target.kind === 'static' ? rows.statics : rows.row;
  if (target.kind === 'clustering') return row?.clustering[target.position]?.readInt32BE(0) ?? null;
  if (target.kind === 'partition_key') return 7;
  if (row === null) return null;
  if (call === null) {
    const shown = show(target, valueOf(row, target, NOW));
    const field = /\.(\w+)$/.exec(selector)?.[1];
    if (field === undefined || target.type.kind !== 'udt') return shown;
    return (shown as unknown[])[target.type.fieldNames.indexOf(field)];
  }
  const of = (cell: Cell) => (call[1] === 'ttl' ? ttlOf(cell, NOW) : cell.timestamp);
  if (!target.isComplex) {
    const cell = cellOf(row, target, NOW);
    return cell === null ? null : of(cell);
  }
  const cells = liveCells(row, target, NOW);
  if (call[3] !== undefined) {
    const [from = '', to] = call[3].split('..');
    const within = cells.filter((cell) => {
      const path = cell.path as Buffer;
      return path.compare(bytesOf(from)) >= 0 && path.compare(bytesOf(to ?? from)) <= 0;
    });
    if (to !== undefined) return within.length === 0 ? null : within.map(of);
    return within[0] === undefined ? null : of(within[0]);
  }
  if (call[4] !== undefined && target.type.kind === 'udt') {
    const index = target.type.fieldNames.indexOf(call[4]);
    const cell = cells.find((one) => one.path?.readInt16BE(0) === index);
    return cell === undefined ? null : of(cell);
  }
  if (call[1] === 'maxwritetime') return Math.max(...cells.map((cell) => Number(cell.timestamp)));
  return cells.map(of);
}

function show(target: ColumnMetadata, value: Buffer | null): unknown {
  if (value === null) return null;
  switch (target.type.kind) {
    case 'list':
    case 'set':
      return unpackList(value).map(String);
    case 'map': {
      const flat = unpackList(
        Buffer.concat([int(value.readInt32BE(0) * 2), value.subarray(4)]),
      ).map(String);
      return Object.fromEntries(
        flat.flatMap((one, i) => (i % 2 === 0 ? [[one, flat[i + 1]]] : [])),
      );
    }
    case 'udt':
      return unpackTuple(value, 2).map((one) => (one === null ? null : String(one)));
    default:
      if (target.type === NATIVE.int) return value.readInt32BE(0);
      return target.type === NATIVE.counter ? counterTotal(value) : String(value);
  }
}
