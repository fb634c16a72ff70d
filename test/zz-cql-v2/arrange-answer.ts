// What directives do to the lines of an answer whose order or text differs from run to run.

const NO_ROW = /^(ROWS|WARNING|ERROR|VOID|METADATA|PREPARED|BIND|PARTITION KEY) |^-- /;

/** Rows in the order of their texts, behind everything else. */
export function sortRows(lines: readonly string[]): readonly string[] {
  const heads = lines.filter((line) => NO_ROW.test(line));
  return [...heads, ...lines.filter((line) => !NO_ROW.test(line)).sort()];
}

const SIGNATURES = /(signatures: )(.*)(\))/;

/** The signatures in an error text come in the order of Java's object hashes. */
export function sortSignatures(line: string): string {
  return line.replace(SIGNATURES, (_, head: string, list: string, tail: string) => {
    const signatures = list.match(/\S+ : \(.*?\) -> .*?(?=, \S+ : \(|$)/g) ?? [list];
    return head + [...signatures].sort().join(', ') + tail;
  });
}

/** `/pattern/text/` */
export function replaceIn(lines: readonly string[], rule: string): readonly string[] {
  const [, pattern = '', text = ''] = /^\/(.*)\/(.*)\/$/.exec(rule) ?? [];
  if (pattern === '') throw new Error(`@replace wants /pattern/text/, not ${rule}`);
  const expression = new RegExp(pattern, 'g');
  return lines.map((line) => line.replace(expression, text));
}
