// Property tests draw from one seed, so that a run of `npm test` is repeatable. To explore: STARFISH_SEED=$RANDOM npm test

import fc from 'fast-check';

const SEED = 20_261_124;

fc.configureGlobal({ seed: Number(process.env['STARFISH_SEED'] ?? SEED) });
