// The connection code of the driver programs as docs/connect.md shows it: what stands between `docs:begin` and
// `docs:end`, without the lines meant for the checks (`docs:skip`), with addresses in place of variables.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { here } from './toolchain.mjs';

const CONTACT = '127.0.1.1';
const LOCAL = 'us-east-1';

/** Language of the code block, program, and what its variables become. */
const PROGRAMS = [
  ['js', 'node/driver.mjs', { 'target.contact': `'${CONTACT}'`, 'target.local': `'${LOCAL}'` }],
  ['python', 'python/driver.py', { 'TARGET["contact"]': `"${CONTACT}"`, LOCAL: `"${LOCAL}"` }],
  [
    'java',
    'java3/src/main/java/Driver3.java',
    {
      'target.contact': `"${CONTACT}"`,
      'target.local': `"${LOCAL}"`,
      'cluster = ': 'Cluster cluster = ',
      'session = ': 'Session session = ',
    },
  ],
  [
    'java',
    'java4/src/main/java/Driver4.java',
    {
      'target.contact': `"${CONTACT}"`,
      'target.port': '9042',
      'target.local': `"${LOCAL}"`,
      'session = ': 'CqlSession session = ',
    },
  ],
  [
    'go',
    'go/main.go',
    {
      'cluster.Contact': `"${CONTACT}"`,
      'cluster.Local': `"${LOCAL}"`,
      'return config': 'session, err := config',
    },
  ],
  [
    'rust',
    'rust/src/main.rs',
    {
      'format!("{contact}:9042")': `"${CONTACT}:9042"`,
      'local.to_string()': `"${LOCAL}".to_string()`,
    },
  ],
];

/** One fenced code block a program. */
export function snippets() {
  return PROGRAMS.map(([language, path, words]) => {
    const text = readFileSync(join(here, path), 'utf8');
    const [, inner] = /^[^\n]*docs:begin connect\n([\s\S]*?)\n[^\n]*docs:end/m.exec(text);
    const lines = [];
    let skipNext = false;
    for (const line of inner.split('\n')) {
      const onlyComment = /^\s*(\/\/|#) docs:skip/.test(line);
      if (!line.includes('docs:skip') && !skipNext) lines.push(line);
      skipNext = onlyComment;
    }
    const indent = Math.min(
      ...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)),
    );
    let code = lines.map((line) => line.slice(indent)).join('\n');
    for (const [variable, value] of Object.entries(words))
      code = code.replaceAll(new RegExp(`(?<![\\w.])${escape(variable)}`, 'g'), value);
    return { path: `conformance/${path}`, block: `\`\`\`${language}\n${code}\n\`\`\`` };
  });
}

function escape(text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\"]/g, '\\$&');
}
