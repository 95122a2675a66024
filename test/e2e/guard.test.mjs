/* Numbers that must not be called: the fax ends without a call, and says why. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Service, bin, until } from './lib/service.mjs';
import { pages } from './lib/pdf.mjs';

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

const LIMIT = 'outbound_profile_daily_spend_limit_exceeded';
function account(service, ...args) {
    const run = spawnSync(bin('faxwire'), ['account', ...args, '--data', service.folder], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    return run.stdout ? JSON.parse(run.stdout)[0] : null;
}
const document = (service, count) => {
    const path = join(service.folder, `${count}-pages.pdf`);
    writeFileSync(path, pages(count, 3));
    return path;
};
const sends = async (service, to, count = 1) => (await service.send({ to, quality: 'normal' }, document(service, count))).id;

test('an account places so many calls a day: all that were placed count, whatever became of them, and of their faxes', async () => {
    let service = await Service.start({ env: { FAXWIRE_ACCOUNT_CALLS_PER_DAY: '2' } });
    try {
        const busy = await service.ended(await sends(service, '+12005550101'));
        assert.equal(busy.failure_reason, 'user_busy');
        assert.equal((await service.ended(await sends(service, '+12005550100'))).status, 'delivered');
        await endsBeyond(service, '+12005550100', /placed calls: 2 today/);
        assert.equal((await service.request('DELETE', `/v2/faxes/${busy.id}`)).status, 204);
        const { calls_today, calls_per_day } = account(service, 'list');
        assert.deepEqual([calls_today, calls_per_day], [2, 'default']);

        account(service, 'limit', 'default', '--calls-per-day', '3', '--pages-per-day', '9', '--calls-max', '5');
        const { calls_per_day: calls, pages_per_day: pages, calls_max: most } = account(service, 'list');
        assert.deepEqual([calls, pages, most], [3, 9, 5]);
        account(service, 'limit', 'default', '--pages-per-day', 'default', '--calls-max', 'default');
        assert.equal((await service.ended(await sends(service, '+12005550100'))).status, 'delivered');
        const data = service.folder;
        await service.stop('SIGKILL');
        service = await Service.start({ data, env: { FAXWIRE_ACCOUNT_CALLS_PER_DAY: '2' } });
        await endsBeyond(service, '+12005550100', /placed calls: 3 today/);
        account(service, 'limit', 'default', '--calls-per-day', '0');
        assert.equal((await service.ended(await sends(service, '+12005550100'))).status, 'delivered');
    } finally { await service.end(); }
});

async function endsBeyond(service, to, detail) {
    const fax = await service.ended(await sends(service, to));
    assert.deepEqual([fax.status, fax.failure_reason], ['failed', LIMIT], JSON.stringify(fax));
    assert.match(fax.internal_failure_reason, detail);
    assert.deepEqual((await service.request('GET', `/v2/faxes/${fax.id}/attempts`)).body.data, []);
}

test('an account sends so many pages a day: none more at the same time either, and pages that did not arrive are not counted', async () => {
    const service = await Service.start({ env: { FAXWIRE_ACCOUNT_PAGES_PER_DAY: '4' } });
    try {
        const ids = [];
        for (let i = 0; i < 3; i++) ids.push(await sends(service, `+1312555010${i}`, 3)); // each alone would be within it
        const ended = await Promise.all(ids.map((id) => service.ended(id)));
        assert.deepEqual(ended.map((f) => f.failure_reason ?? f.status).sort(), ['delivered', LIMIT, LIMIT]);
        assert.equal((await service.ended(await sends(service, '+12005550101'))).failure_reason, 'user_busy');
        assert.equal(account(service, 'list').pages_today, 3);
        assert.equal((await service.ended(await sends(service, '+12005550100'))).status, 'delivered');
        await endsBeyond(service, '+12005550100', /sent pages, with those of this fax: 5 today/);
        assert.equal(account(service, 'list').pages_today, 4);
    } finally { await service.end(); }
});

test('an account has so many calls at the same time: the others wait, and none fails', async () => {
    const service = await Service.start({ env: { FAXWIRE_ACCOUNT_CALLS_MAX: '2' } });
    try {
        const ids = [];
        for (let i = 0; i < 6; i++) ids.push(await sends(service, `+1312555020${i}`, 2));
        for (const id of ids) assert.equal((await service.ended(id)).status, 'delivered');
        const calls = (await Promise.all(ids.map((id) => service.request('GET', `/v2/faxes/${id}/attempts`)))).flatMap((a) => a.body.data);
        assert.equal(calls.length, 6);
        for (const { started_at } of calls)
            assert.ok(calls.filter((c) => c.started_at <= started_at && c.ended_at > started_at).length <= 2, JSON.stringify(calls));
    } finally { await service.end(); }
});

test('SIGHUP reads prefixes and limits again, and a file with a fault changes nothing', async () => {
    const service = await Service.start({ config: 'bar_prefixes: "+1312"\ntrunks: [ { name: away, host: 127.0.0.1, port: 9 } ]\n' });
    const again = async (text) => {
        const before = service.log.split('service.rules').length;
        service.configure(`${text}\ntrunks: [ { name: away, host: 127.0.0.1, port: 9 } ]\n`);
        service.process.kill('SIGHUP');
        await until('the rules', () => service.log.split('service.rules').length > before);
    };
    try {
        service.application_id = (await service.application('http://127.0.0.1:9/')).id;
        await endsUncalled(service, '+13125550100', 'destination_invalid', /bar_prefixes/);
        await again('bar_prefixes: "1312"');
        await endsUncalled(service, '+13125550100', 'destination_invalid', /bar_prefixes/);
        await again('allow_prefixes: "+1312"');
        await endsUncalled(service, '+12005550100', 'destination_not_in_countries_whitelist', /allow_prefixes/);
        await again('account_calls_per_day: 1');
        assert.equal((await service.ended((await service.send({ to: '+13125550100' })).id)).attempt_count, 1);
        await endsBeyond(service, '+13125550100', /placed calls: 1 today/);
    } finally { await service.end(); }
});
