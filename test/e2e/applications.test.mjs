/* Fax applications with the official client libraries: made, read, changed, listed, deleted. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Telnyx, telnyxV1 } from './lib/clients.mjs';
import { Service } from './lib/service.mjs';

let service, client, v1;

before(async () => {
    service = await Service.start();
    client = new Telnyx({ apiKey: service.api_key, baseURL: `${service.url}/v2` });
    v1 = telnyxV1(service.api_key);
    const url = new URL(service.url);
    v1.setHost(url.hostname, url.port, 'http');
});
after(async () => service?.end());

const hook = 'http://127.0.0.1:9/hook';

test('telnyx 7.24.0: the whole life of an application', async () => {
    const { data: made } = await client.faxApplications.create({ application_name: 'Desk', webhook_event_url: hook,
        webhook_timeout_secs: null, tags: ['a'], outbound: { channel_limit: 2, outbound_voice_profile_id: '1234567890123456789' } });
    const { data: changed } = await client.faxApplications.update(made.id, { application_name: 'Front desk',
        webhook_event_url: hook, fax_email_recipient: 'desk@example.com', inbound: { sip_subdomain: 'desk' } });
    assert.equal(changed.application_name, 'Front desk');
    assert.equal(changed.fax_email_recipient, 'desk@example.com');
    assert.deepEqual(changed.tags, ['a']);
    assert.deepEqual(changed.outbound, made.outbound);
    assert.deepEqual(changed.inbound, { ...made.inbound, sip_subdomain: 'desk' });
    assert.ok(changed.updated_at > made.updated_at);
    assert.deepEqual((await client.faxApplications.retrieve(made.id)).data, changed);
    assert.deepEqual((await client.faxApplications.delete(made.id)).data, changed);
    await assert.rejects(client.faxApplications.retrieve(made.id), (error) => error.status === 404);
});

test('telnyx 7.24.0 pages through a filtered and sorted list', async () => {
    for (const name of ['Page-c', 'page-A', 'PAGE-b', 'other'])
        await client.faxApplications.create({ application_name: name, webhook_event_url: hook });
    const names = [];
    for await (const one of client.faxApplications.list({ filter: { application_name: { contains: 'page' } },
        sort: 'application_name', page: { size: 2 } })) names.push(one.application_name);
    assert.deepEqual(names, ['page-A', 'PAGE-b', 'Page-c']);
});

test('telnyx 1.27.0: made, changed in part, deleted', async () => {
    const { data: made } = await v1.faxApplications.create({ application_name: 'old client', webhook_event_url: hook });
    const { data: changed } = await made.update({ application_name: 'renamed' });
    assert.equal(changed.application_name, 'renamed');
    assert.equal(changed.webhook_event_url, hook);
    const { data: read } = await v1.faxApplications.retrieve(made.id);
    const { data: gone } = await read.del();
    assert.equal(gone.id, made.id);
    await assert.rejects(v1.faxApplications.retrieve(made.id));
});

test('an application is not deleted under a live fax; a restart does not bring it back', async () => {
    const { data: application } = await client.faxApplications.create({ application_name: 'busy', webhook_event_url: hook });
    const fax = await service.send({ to: '+12005550102', connection_id: application.id });
    await assert.rejects(client.faxApplications.delete(application.id),
        (error) => error.status === 422 && error.error.errors[0].code === '10021');
    await client.faxes.actions.cancel(fax.id);
    await service.ended(fax.id);
    await client.faxApplications.delete(application.id);
    await client.faxApplications.delete(service.application_id);
    assert.equal((await service.fax(fax.id)).connection_id, application.id);
    const removed = service.application_id;
    await service.stop();
    service = await Service.start({ data: service.folder });
    const left = (await service.request('GET', '/v2/fax_applications?page[size]=250')).body.data.map((a) => a.id);
    assert.ok(!left.includes(application.id) && !left.includes(removed));
});
