// Pages and IN while a replica is away: every row comes once, and a page's state serves another coordinator.

import { keyspace, THREE } from '../shapes.mjs';

export const name = 'paging, IN and scans with a replica away, over several coordinators';
export const shape = THREE;

export async function run(script) {
  const [a, b, c] = script.places;
  await script.schema(
    keyspace('pages', shape),
    "CREATE TABLE pages.t (k text, c int, v int, PRIMARY KEY (k, c)) WITH speculative_retry = 'NONE'",
  );
  for (const key of ['p', 'q', 'r', 's'])
    for (let i = 0; i < 7; i++)
      await script.run(a, `INSERT INTO pages.t (k, c, v) VALUES ('${key}', ${i}, ${i * i})`, 'ALL');
  for (const place of [a, b]) await script.nodetool(place, 'disablehandoff');
  await script.leaveGossip(c);
  for (let i = 0; i < 5; i++)
    await script.run(a, `DELETE FROM pages.t WHERE k = 'p' AND c = ${i}`, 'QUORUM');
  await script.run(a, "INSERT INTO pages.t (k, c, v) VALUES ('p', 9, 81)", 'QUORUM');

  script.section('away');
  for (const level of ['ONE', 'QUORUM', 'ALL'])
    await pages(script, [a, b], "SELECT k, c, v FROM pages.t WHERE k = 'q'", level, 3);
  await script.show(b, "SELECT k, c FROM pages.t WHERE k IN ('q', 'p', 'zz') AND c > 4", 'QUORUM');
  await script.show(b, "SELECT k, c FROM pages.t WHERE k IN ('q', 'p', 'zz') AND c > 4", 'ALL');
  await pages(script, [a, b], "SELECT k, c FROM pages.t WHERE k IN ('q', 'p')", 'QUORUM', 4);
  await pages(script, [a, b], 'SELECT k, c FROM pages.t', 'QUORUM', 5);
  await script.joinGossip(c);
  for (const place of [a, b]) await script.nodetool(place, 'enablehandoff');

  script.section('back and stale: rows that the stale replica still has must not use up a page');
  await pages(script, [c, a], "SELECT k, c FROM pages.t WHERE k = 'p'", 'QUORUM', 2);
  await script.show(c, "SELECT k, c FROM pages.t WHERE k = 'p' LIMIT 1", 'QUORUM');
  await script.show(c, "SELECT k, c FROM pages.t WHERE k = 'p' ORDER BY c DESC LIMIT 2", 'QUORUM');
  await script.show(c, 'SELECT k, c FROM pages.t PER PARTITION LIMIT 1', 'ALL');
  await script.show(c, 'SELECT k, c FROM pages.t WHERE v >= 36 ALLOW FILTERING', 'ALL');
  await pages(script, [c, b], 'SELECT k, c FROM pages.t', 'ALL', 5);
  await script.show(c, 'SELECT count(*) FROM pages.t', 'ONE');
}

/** Pages of a query, each from the next coordinator. */
async function pages(script, places, cql, level, size) {
  const lines = [];
  let state = null;
  for (let at = 0; at < 20; at++) {
    const page = await script.page(places[at % places.length], cql, level, size, state);
    lines.push(page.lines.join(', '));
    state = page.next;
    if (state === null) break;
  }
  script.note(`${cql} @ ${level}, pages of ${size}`, lines);
}
