/* The quick form of chaos.mjs; `make chaos` runs it for as long as one likes. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { chaos } from './chaos.mjs';

test('programs are killed at random, and every accepted fax ends once and truly', async (t) => {
    /* Who speaks with a far end that was killed waits for it for up to a minute: left to make chaos. */
    const run = await chaos({ faxes: Number(process.env.FAXES ?? 2000), seconds: 60, carrier: false });
    for (const line of run.summary.split('\n')) t.diagnostic(line);
    if (run.faults.length > 0) console.error(run.log.slice(-20_000));
    assert.deepEqual(run.faults, [], `seed ${run.seed}`);
});
