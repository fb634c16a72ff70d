// What a client binds to a marker: bytes, null, or (from version 4 on) nothing at all.

/** "Not set": leaves a column as it is. Compare by identity. */
export const UNSET: unique symbol = Symbol('UNSET');

export type Unset = typeof UNSET;

/** The bytes are a slice of the received frame. */
export type BoundValue = Buffer | null | Unset;

export const NO_VALUES: readonly BoundValue[] = Object.freeze([]);
