/* Numbers that must not be called: the fax ends without a call, and says why. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { Service, bin } from './lib/service.mjs';

async function endsUncalled(service, to, reason, detail) {
    const fax = await service.ended((await service.send({ to })).id);
    assert.deepEqual([fax.status, fax.failure_reason], ['failed', reason], JSON.stringify(fax));
    assert.match(fax.internal_failure_reason, detail);
    assert.deepEqual((await service.request('GET', `/v2/faxes/${fax.id}/attempts`)).body.data, []);
    assert.deepEqual((await service.events(fax.id)).map((e) => e.event_type), ['fax.queued', 'fax.failed']);
}

test('premium and satellite numbers are barred unless the configuration says otherwise, however they are written', async () => {
    const service = await Service.start();
    try {
        for (const to of ['+19005550100', '+881612345678', 'sip:%2B1900-555-0100@127.0.0.1'])
            await endsUncalled(service, to, 'destination_invalid', /bar_prefixes/);
        assert.equal((await service.ended((await service.send({ to: '+12005550100' })).id)).status, 'delivered');
    } finally { await service.end(); }
});

test('with allow_prefixes nothing else is called, and an empty bar_prefixes bars nothing', async () => {
    const service = await Service.start({ env: { FAXWIRE_ALLOW_PREFIXES: '+1200, +1900', FAXWIRE_BAR_PREFIXES: '' } });
    try {
        await endsUncalled(service, '+13125550100', 'destination_not_in_countries_whitelist', /allow_prefixes/);
        assert.equal((await service.ended((await service.send({ to: '+12005550100' })).id)).status, 'delivered');
        const fax = await service.ended((await service.send({ to: '+19005550100' })).id); // no such number at the carrier
        assert.equal(fax.attempt_count, 1, JSON.stringify(fax));
    } finally { await service.end(); }
});

test('a list that could not match is refused at the start', () => {
    const run = spawnSync(bin('faxwire'), ['dev'], { encoding: 'utf8', env: { ...process.env, FAXWIRE_BAR_PREFIXES: '1900' } });
    assert.equal(run.status, 2);
    assert.match(run.stderr, /bar_prefixes: must be prefixes/);
});
