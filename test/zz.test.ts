import { test } from 'vitest';
import { readFileSync, writeFileSync } from 'node:fs';
import { startFactNode } from './facts-conformance/fact-node.ts';
import { SETUP } from './facts-conformance/fact-node.ts';
import { printAnswer } from './cql/print-answer.ts';
test('x', async () => {
  const node = await startFactNode((process.env['KIND'] ?? 'plain') as 'plain'); const c = await node.connect(process.env['KIND']==='users'?{user:'cassandra',password:'cassandra'}:{});
  if (process.env["KIND"]!=="users") await c.setUp(...SETUP);
  const out: string[] = [];
  for (const line of readFileSync('/tmp/facts/in.cql','utf8').split('\n')) {
    if (line.trim()==='' || line.startsWith('##')) { out.push(line); continue; }
    let a; try { a = await c.query(line.replace(/;$/, '')); } catch (e) { out.push(`${line}\n   !! ${e}`); break; }
    out.push(line, ...printAnswer(a).map(l => '   > ' + l.slice(0, 330)));
  }
  writeFileSync('/tmp/facts/out.txt', out.join('\n')+'\n');
  await node.stop();
});
