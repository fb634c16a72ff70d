// Charts as SVG text, drawn without a library and without scripts: they show in a mail, a CI
// artifact, a printout.

export interface Band {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly kind: 'fault' | 'calm';
}

export interface Series {
  readonly name: string;
  readonly color: string;
  readonly values: readonly number[];
  readonly fill?: boolean;
}

export interface ChartOptions {
  readonly title: string;
  readonly unit: string;
  /** X of each value, seconds. */
  readonly seconds: readonly number[];
  readonly series: readonly Series[];
  /** Values lie on one another. */
  readonly stacked?: boolean;
  readonly logarithmic?: boolean;
  readonly bands: readonly Band[];
  /** Bars from the bottom, on their own scale. */
  readonly bars?: Series;
}

const WIDTH = 1040;
const HEIGHT = 240;
const MARGIN = { left: 58, right: 14, top: 30, bottom: 26 };

export function lineChart(options: ChartOptions): string {
  const { seconds, bands } = options;
  const lastSecond = Math.max(1, ...seconds, ...bands.map(({ to }) => to));
  const x = (second: number): number =>
    MARGIN.left + (second / lastSecond) * (WIDTH - MARGIN.left - MARGIN.right);
  const layers =
    options.stacked === true ? stack(options.series) : options.series.map(({ values }) => values);
  const top = niceTop(Math.max(1, ...layers.flat().filter(Number.isFinite)));
  const scale = options.logarithmic === true ? logScale(top) : linearScale(top);
  const parts = [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeText(options.title)}">`,
    ...bands.map((band) => drawBand(band, x)),
    ...scale.ticks.map((tick) => gridLine(tick, scale.y(tick), options.unit)),
    ...timeTicks(lastSecond).map(
      (second) =>
        `<text class="tick" x="${x(second).toFixed(1)}" y="${HEIGHT - 8}" text-anchor="middle">${Math.floor(second / 60)}:${String(second % 60).padStart(2, '0')}</text>`,
    ),
  ];
  options.series.forEach((series, at) => {
    const values = layers[at] ?? [];
    const points = values.map(
      (value, i) => `${x(seconds[i] ?? 0).toFixed(1)},${scale.y(value).toFixed(1)}`,
    );
    if (series.fill === true && points.length > 0)
      parts.push(area(points, layers[at - 1], { options, x, y: scale.y, color: series.color }));
    parts.push(
      `<polyline fill="none" stroke="${series.color}" stroke-width="1.7" stroke-linejoin="round" points="${points.join(' ')}"><title>${escapeText(series.name)}</title></polyline>`,
    );
  });
  if (options.bars !== undefined) parts.push(drawBars(options.bars, seconds, x));
  parts.push('</svg>');
  return `<figure><figcaption><b>${escapeText(options.title)}</b>${legend(options)}</figcaption><div class="scroll">${parts.join('')}</div></figure>`;
}

export function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function stack(series: readonly Series[]): readonly (readonly number[])[] {
  const sums: number[] = [];
  return series.map(({ values }) =>
    values.map((value, at) => {
      sums[at] = (sums[at] ?? 0) + value;
      return sums[at] ?? 0;
    }),
  );
}

function area(
  points: readonly string[],
  below: readonly number[] | undefined,
  {
    options,
    x,
    y,
    color,
  }: { options: ChartOptions; x: (s: number) => number; y: (v: number) => number; color: string },
): string {
  const floor = options.seconds
    .map(
      (second, at) =>
        `${x(second).toFixed(1)},${y(options.stacked === true ? (below?.[at] ?? 0) : 0).toFixed(1)}`,
    )
    .toReversed();
  return `<polygon fill="${color}" fill-opacity="0.28" points="${[...points, ...floor].join(' ')}"/>`;
}

/** Width of a letter of a band's label, in the chart's own units, rounded up. */
const LETTER_WIDTH = 6.4;

function drawBand(band: Band, x: (second: number) => number): string {
  const left = x(band.from);
  const width = Math.max(1, x(band.to) - left);
  const letters = Math.floor((width - 6) / LETTER_WIDTH);
  const label = labelLines(band, letters)
    .map(
      (line, at) =>
        `<text class="band ${band.kind}" x="${(left + 3).toFixed(1)}" y="${22 + at * 12}">${escapeText(line)}</text>`,
    )
    .join('');
  const height = HEIGHT - MARGIN.bottom - 10;
  return `<rect class="${band.kind}" x="${left.toFixed(1)}" y="10" width="${width.toFixed(1)}" height="${height}"><title>${escapeText(band.label)}</title></rect>${label}`;
}

/**
 * A label in one line or two, cut where it does not fit; calm times may go without: nothing lies
 * over its neighbour.
 */
function labelLines({ label, kind }: Band, letters: number): readonly string[] {
  if (label.length <= letters) return [label];
  if (kind === 'calm' || letters < 3) return [];
  const space = label.indexOf(' ');
  const lines = space > 0 ? [label.slice(0, space), label.slice(space + 1)] : [label];
  return lines.map((line) => (line.length <= letters ? line : `${line.slice(0, letters - 1)}…`));
}

function drawBars(bars: Series, seconds: readonly number[], x: (second: number) => number): string {
  const most = Math.max(1, ...bars.values);
  const bottom = HEIGHT - MARGIN.bottom;
  const width = Math.max(1.5, x(1) - x(0) - 1);
  return bars.values
    .map((value, at) => {
      if (value === 0) return '';
      const height = Math.max(3, (value / most) * 60);
      const second = seconds[at] ?? 0;
      return `<rect fill="${bars.color}" x="${x(second).toFixed(1)}" y="${(bottom - height).toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}"><title>${escapeText(bars.name)}: ${value} in second ${second}</title></rect>`;
    })
    .join('');
}

function gridLine(tick: number, y: number, unit: string): string {
  return `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/><text class="tick" x="${MARGIN.left - 6}" y="${(y + 4).toFixed(1)}" text-anchor="end">${tickText(tick, unit)}</text>`;
}

/** Milliseconds grow into seconds. */
function tickText(tick: number, unit: string): string {
  if (unit === 'ms' && tick >= 1_000) return `${tick / 1_000} s`;
  return unit === '' ? String(tick) : `${tick} ${unit}`;
}

function legend(options: ChartOptions): string {
  const all = options.bars === undefined ? options.series : [...options.series, options.bars];
  return all
    .map(
      ({ name, color }) =>
        `<span class="key"><i style="background:${color}"></i>${escapeText(name)}</span>`,
    )
    .join('');
}

interface Scale {
  readonly ticks: readonly number[];
  y(value: number): number;
}

const PLOT_TOP = MARGIN.top;
const PLOT_BOTTOM = HEIGHT - MARGIN.bottom;

function linearScale(top: number): Scale {
  return {
    ticks: [0, 0.25, 0.5, 0.75, 1].map((share) => Number((share * top).toPrecision(3))),
    y: (value) => PLOT_BOTTOM - (Math.min(value, top) / top) * (PLOT_BOTTOM - PLOT_TOP),
  };
}

function logScale(top: number): Scale {
  const decades = Math.max(1, Math.ceil(Math.log10(top)));
  return {
    ticks: Array.from({ length: decades + 1 }, (_, power) => 10 ** power),
    y: (value) =>
      PLOT_BOTTOM - (Math.log10(Math.max(1, value)) / decades) * (PLOT_BOTTOM - PLOT_TOP),
  };
}

function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const nice = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value * 1.05) ?? 10;
  return nice * power;
}

function timeTicks(last: number): readonly number[] {
  const step = [5, 10, 15, 30, 60, 120, 300].find((candidate) => last / candidate <= 12) ?? 600;
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, at) => at * step);
}
