/* What fax machines of ours call themselves, as the other end of the line hears it. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Service, until } from './lib/service.mjs';
import { onePage } from './lib/pdf.mjs';
import { pair } from './lib/pair.mjs';

const hook = 'http://127.0.0.1:9/hook';
let services;

before(async () => { services = await pair({ a: { more: 'ident: "SERVICE A"' } }); });
after(async () => { for (const service of services ?? []) await service.end(); });

/* From `by` to a number of `at`; what each end says of the other. */
async function heard(by, at, fields) {
    const sent = await by.send({ quality: 'normal', ...fields }, onePage(by.folder));
    const ended = await by.ended(sent.id);
    assert.equal(ended.status, 'delivered', JSON.stringify(ended));
    const [{ record }] = (await by.request('GET', `/v2/faxes/${sent.id}/attempts`)).body.data;
    const received = await at.receivedFrom(fields.from);
    return { tsi: received.remote_ident, csi: record.remote_ident, own: record.ident };
}

test('the ident of the application goes over the line, both ways', async () => {
    const [a, b] = services;
    const caller = await a.application(hook, { fax_ident: '+1 202 555 0181' });
    const called = await b.application(hook, { fax_ident: 'ACME Chicago 1' });
    assert.deepEqual([caller.fax_ident, called.fax_ident], ['+1 202 555 0181', 'ACME Chicago 1']);
    await b.number('+13125550811', called.id);
    assert.deepEqual(await heard(a, b, { to: '+13125550811', from: '+12025550181', connection_id: caller.id }),
        { tsi: '+1 202 555 0181', csi: 'ACME Chicago 1', own: '+1 202 555 0181' });
});

test('without one it is that of the service, or else the number of either end', async () => {
    const [a, b] = services;
    await a.number('+13125550812', (await a.application(hook)).id);
    await b.number('+13125550813', (await b.application(hook)).id);
    assert.deepEqual(await heard(a, b, { to: '+13125550813', from: '+12025550182' }),
        { tsi: 'SERVICE A', csi: '+13125550813', own: 'SERVICE A' });
    assert.deepEqual(await heard(b, a, { to: '+13125550812', from: '+12025550183' }),
        { tsi: '+12025550183', csi: 'SERVICE A', own: '+12025550183' });
});

test('taken away it is the service\'s again; the carrier keeps what it heard', async () => {
    const service = await Service.start();
    try {
        const application = await service.application(hook, { fax_ident: 'Desk 7' });
        const path = `/v2/fax_applications/${application.id}`;
        const idents = [];
        for (const [i, fax_ident] of ['Desk 7', 'Desk 8', null].entries()) {
            const to = `+1200555013${i}`;
            const changed = await service.request('PATCH', path, { body: { fax_ident } });
            assert.equal(changed.body.data.fax_ident, fax_ident);
            const sent = await service.send({ to, connection_id: application.id });
            await service.ended(sent.id);
            const [file] = await until('the mail', () => service.mailbox(to, '.json').length && service.mailbox(to, '.json'));
            idents.push(JSON.parse(readFileSync(file, 'utf8')).remote_ident);
        }
        assert.deepEqual(idents, ['Desk 7', 'Desk 8', '+12025550123']);
    } finally {
        await service.end();
    }
});
