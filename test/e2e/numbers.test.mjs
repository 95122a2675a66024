/* Phone numbers: told to the service, given to applications, by client library and command line. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { Telnyx } from './lib/clients.mjs';
import { Service, bin } from './lib/service.mjs';

let service, client, application;
before(async () => {
    service = await Service.start();
    client = new Telnyx({ apiKey: service.api_key, baseURL: `${service.url}/v2` });
    application = await service.application('http://127.0.0.1:9/hook');
});
after(async () => service?.end());

const ask = (method, path, body) => service.request(method, `/v2/phone_numbers${path}`, { body });
async function add(body) {
    const { status, body: answer } = await ask('POST', '', body);
    assert.equal(status, 201, JSON.stringify(answer));
    return answer.data;
}

test('telnyx 7.24.0: a number is given to an application and taken away', async () => {
    const made = await add({ phone_number: '+13125550101' });
    assert.match(made.id, /^\d{19}$/);
    assert.equal(made.record_type, 'phone_number');
    assert.equal(made.status, 'active');
    assert.equal(made.connection_id, null);
    const { data: given } = await client.phoneNumbers.update(made.id, { connection_id: application.id, tags: ['desk'] });
    assert.equal(given.connection_id, application.id);
    assert.equal(given.connection_name, application.application_name);
    assert.deepEqual(given.tags, ['desk']);
    assert.deepEqual((await client.phoneNumbers.retrieve(made.id)).data, given);
    const refused = await service.request('DELETE', `/v2/fax_applications/${application.id}`);
    assert.equal(refused.status, 422);
    assert.equal(refused.body.errors[0].code, '10021');
    assert.match(refused.body.errors[0].detail, /\+13125550101/);
    const { data: taken } = await client.phoneNumbers.update(made.id, { connection_id: '' });
    assert.equal(taken.connection_id, null);
    assert.deepEqual(taken.tags, ['desk'], 'what was not sent stays');
    assert.deepEqual((await client.phoneNumbers.delete(made.id)).data, taken);
    await assert.rejects(client.phoneNumbers.retrieve(made.id), (error) => error.status === 404);
});

test('telnyx 7.24.0 pages through a filtered list', async () => {
    for (let i = 0; i < 5; i++)
        await add({ phone_number: `+1312555020${i}`, ...(i % 2 ? { connection_id: application.id } : {}) });
    const all = [];
    for await (const one of client.phoneNumbers.list({ filter: { phone_number: '1312555020' }, page: { size: 2 } }))
        all.push(one.phone_number);
    assert.deepEqual(all, [4, 3, 2, 1, 0].map((i) => `+1312555020${i}`));
    const some = (await ask('GET', `?filter[connection_id]=${application.id}&filter[phone_number]=+1312555020`)).body;
    assert.deepEqual(some.data.map((n) => n.phone_number), ['+13125550203', '+13125550201']);
    assert.equal(some.meta.total_results, 2);
    for (const bad of ['filter[phone_number]=abc', 'filter[connection_id]=x', 'filter[odd]=1', 'page[size]=0'])
        assert.equal((await ask('GET', `?${bad}`)).status, 400, bad);
});

test('what is wrong is refused, all of it, and leaves nothing', async () => {
    for (const [body, codes] of [
        [{}, ['10004']],
        [{ phone_number: '3125550101' }, ['10016']],
        [{ phone_number: '+1312555010112345' }, ['10016']],
        [{ phone_number: 13125550101 }, ['10020']],
        [{ phone_number: '+1', connection_id: 'x', tags: [1] }, ['10016', '85004', '10020']],
        [{ phone_number: '+13125550300', connection_id: '404' }, ['10017']],
        [{ phone_number: '+13125550200' }, ['10012']],
    ]) {
        const { status, body: answer } = await ask('POST', '', body);
        assert.equal(status, 422, JSON.stringify(answer));
        assert.deepEqual(answer.errors.map((e) => e.code), codes, JSON.stringify(answer));
    }
    assert.equal((await ask('GET', '?filter[phone_number]=13125550300')).body.meta.total_results, 0);
    const { id } = (await ask('GET', '?filter[phone_number]=13125550200')).body.data[0];
    const bad = await ask('PATCH', `/${id}`, { connection_id: '404', tags: ['x'] });
    assert.equal(bad.body.errors[0].code, '10017');
    assert.deepEqual((await ask('GET', `/${id}`)).body.data.tags, []);
    assert.equal((await ask('PATCH', '/404', {})).body.errors[0].code, '10005');
});

test('the command line adds, lists, assigns and removes', async () => {
    const run = (...args) => spawnSync(bin('faxwire'), ['number', ...args],
        { encoding: 'utf8', env: { ...process.env, FAXWIRE_URL: service.url, FAXWIRE_API_KEY: service.api_key } });
    const added = run('add', '+13125550401', '--application', application.id);
    assert.equal(added.status, 0, added.stderr);
    assert.equal(JSON.parse(added.stdout).connection_id, application.id);
    assert.equal(run('add', '+13125550401').status, 1);
    assert.ok(JSON.parse(run('list').stdout).some((n) => n.phone_number === '+13125550401'));
    const taken = run('assign', '+13125550401', '--application', '');
    assert.equal(taken.status, 0, taken.stderr);
    assert.equal(JSON.parse(taken.stdout).connection_id, null);
    assert.equal(run('assign', '+13125550499', '--application', application.id).status, 1);
    assert.equal(run('remove', '+13125550401').status, 0);
    assert.equal(run('remove', '+13125550401').status, 1);
    for (const wrong of [[], ['add'], ['assign', '+13125550401'], ['remove'], ['sell', '+1312'], ['list', 'x'], ['remove', 'a/b']])
        assert.equal(run(...wrong).status, 2, wrong.join(' '));
});
