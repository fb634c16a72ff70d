export function maskArgumentText(_t: unknown, v: Buffer|null): string { return v === null ? '' : v.toString(); }
export function maskArgumentBytes(_t: unknown, v: string): Buffer { return Buffer.from(v); }
