/* What the official client may repeat, and what it must not: it sends again after 5xx, 409 and 429 unless it is told otherwise. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createReadStream, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Telnyx } from './lib/clients.mjs';
import { Service, sample, until } from './lib/service.mjs';

let service, client;
before(async () => {
    service = await Service.start({ env: { FAXWIRE_FAXES_IN_PROCESS_MAX: '1' } });
    client = new Telnyx({ apiKey: service.api_key, baseURL: `${service.url}/v2`, maxRetries: 2 });
});
after(async () => service?.end());

/* Requests that were answered until now, as the log has them. */
async function posts() {
    const { headers } = await service.request('GET', '/health');
    await until('the log', () => service.log.includes(`request=${headers.get('request-id')}`));
    return count();
}
const count = () => (service.log.match(/event=http\.request method="?POST"? path="?\/v2\/faxes"? /g) ?? []).length;
const create = (more = {}, options) => client.faxes.create({ connection_id: service.application_id, from: '+12025550123', to: '+12005550100',
    contents: createReadStream(sample), ...more }, options);

test('a fault of the server in the middle of a change is not repeated, unless the request has a name', async () => {
    const faxes = join(service.folder, 'faxes');
    mkdirSync(faxes, { recursive: true });
    renameSync(faxes, `${faxes}-away`);
    writeFileSync(faxes, 'a file where the folder was');
    const before = await posts();
    await assert.rejects(create(), (error) => error.status === 500 && error.headers.get('x-should-retry') === 'false');
    assert.equal(await posts(), before + 1, 'once');
    await assert.rejects(create({}, { headers: { 'Idempotency-Key': 'again' } }),
        (error) => error.status === 500 && error.headers.get('x-should-retry') === null);
    assert.equal(await posts(), before + 4, 'and twice more');
    rmSync(faxes);
    renameSync(`${faxes}-away`, faxes);
    assert.equal((await service.request('GET', '/v2/faxes')).body.meta.total_results, 0, 'and no fax is there');
});

test('one fax too many at the same time is refused with 429, and taken when there is room', async () => {
    const first = await service.send({ to: '+12005550102' }); // rings for a while
    await assert.rejects(client.faxes.create({ connection_id: service.application_id, from: '+12025550123', to: '+12005550100',
        media_url: 'https://example.com/a.pdf' }, { maxRetries: 0 }),
    (error) => error.status === 429 && error.error.errors[0].code === '10011' && Number(error.headers.get('retry-after')) >= 0);
    await client.faxes.actions.cancel(first.id);
    await service.ended(first.id);
    const second = await service.send({ to: '+12005550100' });
    assert.equal((await service.ended(second.id)).status, 'delivered');
});

test('an application that is not active sends nothing', async () => {
    const application = await service.application('http://127.0.0.1:9/hook', { active: false });
    const send = () => service.request('POST', '/v2/faxes', { body: { connection_id: application.id, from: '+12025550123',
        to: '+12005550100', media_url: 'https://example.com/a.pdf' } });
    const refused = await send();
    assert.equal(refused.status, 422);
    assert.equal(refused.body.errors[0].code, '85004');
    assert.equal(refused.body.errors[0].source.pointer, '/connection_id');
    await service.request('PATCH', `/v2/fax_applications/${application.id}`, { body: { active: true } });
    assert.equal((await send()).status, 202);
});
