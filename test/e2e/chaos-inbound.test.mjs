/* The quick form of chaos-inbound.mjs; `make chaos-inbound` runs it for as long as one likes. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { chaosInbound } from './chaos-inbound.mjs';

test('programs are killed at random, and every page that a sender saw confirmed is here', async (t) => {
    const run = await chaosInbound({ faxes: Number(process.env.FAXES ?? 2000), seconds: 60, carrier: false });
    for (const line of run.summary.split('\n')) t.diagnostic(line);
    if (run.faults.length > 0) console.error(run.log.slice(-20_000));
    assert.deepEqual(run.faults, [], `seed ${run.seed}`);
});
