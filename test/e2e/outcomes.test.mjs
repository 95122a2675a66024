/* Every final answer that SIP knows, and every cause of Q.850, sent by a trunk that is not of our make: what the
 * fax then says of itself. The table is test/outcomes.json, which test/unit/fax/outcome_test.c reads as well. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Service } from './lib/service.mjs';
import { Peer } from './lib/sip.mjs';

const table = JSON.parse(readFileSync(new URL('../outcomes.json', import.meta.url)));
let service, trunk, letter;

before(async () => {
    /* The number says what becomes of the call: +1 312 555 0SSS is a status, +1 312 555 1CCC a cause with 480. */
    trunk = await Peer.start((request, reply) => {
        const [, kind, code] = /^INVITE sip:\+?1312555(\d)(\d{3})@/.exec(request) ?? [];
        if (!kind) return reply('481 Nothing Here');
        if (kind === '1') return reply('480 Not Now', [`Reason: Q.850;cause=${Number(code)};text="as told"`]);
        const more = code[0] === '3' ? ['Contact: <sip:elsewhere@127.0.0.1:9>'] : code === '422' ? ['Min-SE: 1800'] : code === '420' ? ['Unsupported: x'] : [];
        return reply(`${code} Words Of The Trunk`, more);
    });
    service = await Service.start({ config: `calls_max: 16\ntrunks:\n  - { name: far, host: 127.0.0.1, port: ${trunk.port}, options_secs: 0 }\n` });
    letter = join(service.folder, 'letter.txt');
    writeFileSync(letter, 'one line');
});
after(async () => {
    await service?.end();
    await trunk?.end();
});

async function calledFor(number) {
    const fax = await service.ended((await service.send({ to: number, quality: 'normal' }, letter)).id);
    const [attempt] = (await service.request('GET', `/v2/faxes/${fax.id}/attempts`)).body.data;
    return { fax, attempt };
}

/* A few at a time. */
async function forAll(rows, check) {
    const left = [...rows];
    await Promise.all(Array.from({ length: 8 }, async () => {
        for (let row = left.shift(); row; row = left.shift()) await check(...row);
    }));
}

test('every final SIP response becomes its reason, with the raw code beside it', async () => {
    await forAll(Object.entries(table.sip), async (code, [reason, retry]) => {
        const { fax, attempt } = await calledFor(`+13125550${code}`);
        assert.deepEqual([fax.status, fax.failure_reason, attempt.retry_class, attempt.sip_status, attempt.q850_cause],
            ['failed', reason, retry, Number(code), null], `SIP ${code}: ${fax.internal_failure_reason}`);
        assert.match(fax.internal_failure_reason, new RegExp(`^SIP ${code}, .*\\(.+\\)$`));
        assert.ok(attempt.advice);
    });
    assert.equal(new Set(trunk.all('INVITE').map((m) => /1312555(0\d+)/.exec(m)[1])).size, Object.keys(table.sip).length);
    assert.ok(!trunk.heard.some((m) => m.startsWith('INVITE sip:elsewhere')), 'nobody is called because a far end says so');
});

test('every Q.850 cause in a Reason header becomes its reason', async () => {
    await forAll(Object.entries(table.q850), async (code, row) => {
        const [reason, retry] = row ?? table.sip[480];
        const { fax, attempt } = await calledFor(`+13125551${code.padStart(3, '0')}`);
        assert.deepEqual([fax.status, fax.failure_reason, attempt.retry_class, attempt.sip_status, attempt.q850_cause],
            ['failed', reason, retry, 480, Number(code)], `Q.850 ${code}: ${fax.internal_failure_reason}`);
        assert.match(fax.internal_failure_reason, new RegExp(`^SIP 480, Q\\.850 cause ${code}; `));
    });
});
