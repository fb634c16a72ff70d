// The tables of one script: key columns of every type in both orders, statics, regular columns of every type, a counter
// table, indexes, now and then a view.

import { anyType, native, plain, typeText } from './values.mjs';

export function makeSchema(choices) {
  const userTypes = choices.times(choices.below(3), (i) => ({
    kind: 'udt',
    name: `u${i}`,
    fields: choices.times(1 + choices.below(3), (j) => ({
      name: `f${j}`,
      type: anyType(choices, 'element', [], 1),
    })),
  }));
  const tables = choices.times(2 + choices.below(2), (i) => makeTable(choices, `t${i}`, userTypes));
  if (choices.chance(30)) tables.push(makeCounters(choices));
  const views = tables
    .filter(() => choices.chance(20))
    .flatMap((table) => makeView(choices, table));
  const statements = [
    ...userTypes.map(
      ({ name, fields }) =>
        `CREATE TYPE ${name} (${fields.map((field) => `${field.name} ${typeText(field.type)}`).join(', ')})`,
    ),
    ...tables.map(createText),
    ...tables.flatMap((table) => indexTexts(choices, table)),
    ...views.map(({ text }) => text),
  ];
  return { userTypes, tables: [...tables, ...views.map(({ view }) => view)], statements };
}

function makeTable(choices, name, userTypes) {
  const simple = choices.chance(50);
  const keyType = () =>
    simple ? native(choices.one(['int', 'text'])) : anyType(choices, 'key', userTypes);
  const column = (kind, at, type, reversed = false) => ({
    name: `${kind}${at}`,
    kind,
    type,
    reversed,
  });
  const partition = choices.times(choices.chance(70) ? 1 : 2, (i) => column('k', i, keyType()));
  const clustering = choices.times(
    choices.weighted([
      [2, 0],
      [4, 1],
      [4, 2],
      [2, 3],
    ]),
    (i) => column('c', i, keyType(), choices.chance(35)),
  );
  const statics =
    clustering.length === 0
      ? []
      : choices.times(choices.below(3), (i) =>
          column('s', i, anyType(choices, 'regular', userTypes)),
        );
  const regulars = choices.times(1 + choices.below(6), (i) =>
    column('v', i, anyType(choices, 'regular', userTypes)),
  );
  return { name, partition, clustering, statics, regulars, counter: false };
}

/** A view with the key in another order, or a regular column before it; sometimes of some rows only. */
function makeView(choices, table) {
  const { name, partition, clustering, regulars } = table;
  if (table.counter) return [];
  const added = regulars.filter(({ type }) => type.kind === 'native' && type.name !== 'duration');
  const first = added.length > 0 && choices.chance(70) ? [choices.one(added)] : [];
  const key = [...first, ...choices.shuffled([...partition, ...clustering])].map((column) => ({
    ...column,
    reversed: false,
  }));
  // A partition key made of a column in descending order keeps that type in Cassandra until it starts again.
  const ascending = key.findIndex(
    ({ name: own }) => !clustering.some((column) => column.name === own && column.reversed),
  );
  key.unshift(...key.splice(Math.max(0, ascending), 1));
  const others = choices.some(
    regulars.filter((column) => !first.includes(column)),
    70,
  );
  const where = key.map((column) =>
    !first.some(({ name: own }) => own === column.name) && choices.chance(12)
      ? `${column.name} ${choices.one(['=', '>', '<='])} ${plain(choices, column.type)}`
      : `${column.name} IS NOT NULL`,
  );
  const names = (list) => list.map((column) => column.name).join(', ');
  const view = {
    name: `m_${name}`,
    partition: key.slice(0, 1),
    clustering: key.slice(1),
    statics: [],
    regulars: others,
    counter: false,
    isView: true,
  };
  const list = choices.chance(30) ? '*' : names([...key, ...others]);
  const text = `CREATE MATERIALIZED VIEW m_${name} AS SELECT ${list} FROM ${name} WHERE ${where.join(' AND ')} PRIMARY KEY (${names(key)})`;
  return [
    {
      view:
        list === '*'
          ? { ...view, regulars: regulars.filter((column) => !first.includes(column)) }
          : view,
      text,
    },
  ];
}

function makeCounters(choices) {
  const column = (kind, at, type) => ({ name: `${kind}${at}`, kind, type, reversed: false });
  const clustering = choices.times(choices.below(2), (i) => column('c', i, native('int')));
  const statics =
    clustering.length > 0 && choices.chance(40) ? [column('s', 0, native('counter'))] : [];
  return {
    name: 'n',
    partition: [column('k', 0, native('int'))],
    clustering,
    statics,
    regulars: choices.times(1 + choices.below(2), (i) => column('v', i, native('counter'))),
    counter: true,
  };
}

export function columnsOf(table) {
  return [...table.partition, ...table.clustering, ...table.statics, ...table.regulars];
}

function createText(table) {
  const columns = columnsOf(table).map(
    ({ name, kind, type }) => `${name} ${typeText(type)}${kind === 's' ? ' static' : ''}`,
  );
  const names = (list) => list.map(({ name }) => name).join(', ');
  const key = [`(${names(table.partition)})`, ...table.clustering.map(({ name }) => name)].join(
    ', ',
  );
  const order = table.clustering.some(({ reversed }) => reversed)
    ? ` WITH CLUSTERING ORDER BY (${table.clustering.map(({ name, reversed }) => `${name} ${reversed ? 'DESC' : 'ASC'}`).join(', ')})`
    : '';
  return `CREATE TABLE ${table.name} (${columns.join(', ')}, PRIMARY KEY (${key}))${order}`;
}

function indexTexts(choices, table) {
  if (table.counter || choices.chance(45)) return [];
  const candidates = columnsOf(table).filter(
    ({ kind, type }) =>
      (kind !== 'k' || table.partition.length > 1) && (type.kind !== 'vector' || kind === 'v'),
  );
  return choices.times(1 + choices.below(2), (i) => {
    const { name, type } = choices.one(candidates);
    const target = targetText(choices, name, type);
    const using = choices.chance(50) ? " USING 'sai'" : '';
    return `CREATE INDEX i_${table.name}_${i} ON ${table.name} (${target})${using}`;
  });
}

function targetText(choices, name, type) {
  if (!['list', 'set', 'map'].includes(type.kind)) return name;
  if (type.frozen) return choices.chance(85) ? `full(${name})` : name;
  if (type.kind !== 'map') return choices.chance(50) ? name : `values(${name})`;
  return `${choices.one(['keys', 'values', 'entries'])}(${name})`;
}
