// The checks of a program: one line each, `ok name` or `not ok name: why`, and 1 at the end when one failed.

let failed = 0;

/** Runs `body`, which throws when the check fails; a text that it answers with is shown beside the name. */
export async function check(name, body) {
  try {
    const note = await body();
    console.log(`ok ${name}${typeof note === 'string' ? ` (${note})` : ''}`);
  } catch (error) {
    failed++;
    console.log(`not ok ${name}: ${error.message.trim().replaceAll('\n', ' | ')}`);
  }
}

export function endChecks() {
  process.exit(failed === 0 ? 0 : 1);
}
