// Text for a terminal or a CI log: colour only where it is wanted (NO_COLOR, CI, no TTY,
// --no-color), tables aligned.

export interface Terminal {
  readonly color: boolean;
  readonly interactive: boolean;
  readonly width: number;
  line(text?: string): void;
  /** stderr. */
  problem(text: string): void;
  /** Draws over what the last `redraw` drew; falls back to nothing where that is not possible. */
  redraw(lines: readonly string[]): void;
  /** Lets what was drawn stand. */
  keep(): void;
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** For the flags --no-color, --quiet and --json as commander gives them. */
export function terminalFor(options: Readonly<Record<string, unknown>>): Terminal {
  return openTerminal({
    ...(options['color'] === false ? { color: false } : {}),
    quiet: options['quiet'] === true,
    json: options['json'] === true,
  });
}

export function openTerminal(options: {
  readonly color?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}): Terminal {
  const out = options.json === true ? process.stderr : process.stdout;
  const tty = out.isTTY;
  const wanted =
    options.color ??
    (tty && process.env['NO_COLOR'] === undefined && process.env['CI'] === undefined);
  const interactive = tty && process.env['CI'] === undefined && options.quiet !== true;
  let drawn = 0;
  const erase = (): void => {
    if (drawn > 0) out.write(`\u001b[${drawn}A\u001b[0J`);
    drawn = 0;
  };
  return {
    color: wanted,
    interactive,
    width: out.columns ?? 120,
    line(text = '') {
      if (options.quiet === true) return;
      erase();
      out.write(`${text}\n`);
    },
    problem(text) {
      erase();
      process.stderr.write(`${text}\n`);
    },
    redraw(lines) {
      if (!interactive) return;
      erase();
      out.write(lines.map((line) => `${line}\n`).join(''));
      drawn = lines.length;
    },
    keep() {
      drawn = 0;
    },
  };
}

export function styled(terminal: Terminal, style: Style, text: string): string {
  if (!terminal.color) return text;
  const [on, off] = CODES[style];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

/** Columns aligned by their widest cell; numbers (right: true) to the right. */
export function alignTable(
  rows: readonly (readonly string[])[],
  right: readonly boolean[] = [],
): readonly string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, visibleLength(cell))));
  return rows.map((row) =>
    row
      .map((cell, at) => {
        const pad = ' '.repeat((widths[at] ?? 0) - visibleLength(cell));
        return right[at] === true ? pad + cell : at === row.length - 1 ? cell : cell + pad;
      })
      .join('  ')
      .trimEnd(),
  );
}

function visibleLength(text: string): number {
  // oxlint-disable-next-line no-control-regex -- colour codes begin with the escape character
  return text.replace(/\u001b\[\d+m/g, '').length;
}
