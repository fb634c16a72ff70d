// One page from a pager, with errors that evaluating rows brings turned into answers.

import type { CqlError } from '../../../data/cql-error.ts';
import type { Done } from '../execution.ts';
import { failed, thrownError } from '../execution.ts';
import type { Pager } from './pager.ts';
import type { RowView } from './row-view.ts';

/** Errors of functions and values met while reading are answers; those before the first read are thrown. */
export function fetchSafely(
  pager: Pager,
  rows: number,
  visit: (view: RowView) => boolean,
  done: Done,
  next: () => void,
): void {
  let failure: CqlError | null = null;
  const guarded = (view: RowView): boolean => {
    try {
      return visit(view);
    } catch (error) {
      failure = thrownError(error);
      return false;
    }
  };
  pager.fetch(rows, guarded, (error) => {
    const problem = failure ?? error;
    if (problem !== null) {
      done(failed(problem));
      return;
    }
    try {
      next();
    } catch (thrown) {
      done(failed(thrownError(thrown)));
    }
  });
}
