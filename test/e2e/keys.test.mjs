/* Accounts and keys: made and withdrawn beside a running service, and blind to each other. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Telnyx } from './lib/clients.mjs';
import { Service, bin, until } from './lib/service.mjs';
import { Receiver } from './lib/receiver.mjs';

let service, receiver;
before(async () => {
    service = await Service.start();
    receiver = await Receiver.start();
});
after(async () => {
    await service?.end();
    await receiver?.end();
});

const run = (...args) => spawnSync(bin('faxwire'), ['key', ...args], { encoding: 'utf8' });
function key(...args) {
    const { status, stdout, stderr } = run(...args, '--data', service.folder);
    assert.equal(status, 0, stderr);
    return stdout ? JSON.parse(stdout) : null;
}
const asks = async (api_key) => service.request('GET', '/v2/faxes', { key: api_key });

test('a key works from the next request on, and not at all once it is revoked', async () => {
    const made = key('create', '--account', 'acme', '--label', 'billing');
    assert.match(made.api_key, /^KEY[0-9a-f]{48}$/);
    assert.equal((await asks(made.api_key)).status, 200);
    const listed = key('list').find((k) => k.id === made.id);
    assert.equal(listed.label, 'billing');
    assert.equal(listed.account, 'acme');
    assert.equal(listed.api_key, undefined, 'it was shown once');
    key('revoke', made.id);
    const refused = await asks(made.api_key);
    assert.equal(refused.status, 401);
    assert.equal(refused.body.errors[0].code, '20002');
    assert.ok(key('list').find((k) => k.id === made.id).revoked_at);
    const client = new Telnyx({ apiKey: made.api_key, baseURL: `${service.url}/v2` });
    await assert.rejects(client.faxes.list(), (error) => error instanceof Telnyx.AuthenticationError);
});

test('a key that has expired says so; a wrong one and none say another thing', async () => {
    const made = key('create', '--expires', '1s');
    assert.ok(made.expires_at);
    const refused = await until('the end of the key', async () => {
        const answer = await asks(made.api_key);
        return answer.status === 401 && answer;
    });
    assert.equal(refused.body.errors[0].code, '20006');
    for (const wrong of ['KEYwrong', null]) assert.equal((await asks(wrong)).body.errors[0].code, '10009');
});

test('the key itself is nowhere on disk', () => {
    const made = key('create', '--account', 'acme');
    for (const name of readdirSync(service.folder).filter((n) => n.startsWith('faxwire.db')))
        assert.ok(!readFileSync(join(service.folder, name)).includes(made.api_key.slice(3)), name);
});

test('what is asked wrongly is refused', () => {
    for (const args of [[], ['make'], ['create', '--expires', '90'], ['create', '--expires', '0d'], ['create', '--expires', '99999999999999d'],
        ['create', '--account', ''], ['create', '--account', 'x'.repeat(128)], ['create', '--label', 'a\nb'], ['list', 'x'], ['revoke']])
        assert.equal(run(...args, '--data', service.folder).status, 2, args.join(' '));
    assert.equal(run('revoke', 'nobody', '--data', service.folder).status, 1);
    const nowhere = run('list', '--data', join(service.folder, 'nowhere'));
    assert.equal(nowhere.status, 1);
    assert.match(nowhere.stderr, /no database/);
});

test('webhooks tell the uuid of the account', async () => {
    const acme = key('create', '--account', 'acme'), main = key('create');
    assert.notEqual(acme.user_id, main.user_id);
    const application = await service.application(receiver.url);
    const fax = await service.send({ to: '+12005550100', connection_id: application.id });
    for (const hook of await receiver.complete(fax.id)) assert.equal(hook.event.data.payload.user_id, main.user_id);
});

/* Every endpoint that names one thing, as doc/api.yaml lists them: new ones are walked too. */
function endpoints() {
    const found = [];
    let path = null;
    for (const line of readFileSync(new URL('../../doc/api.yaml', import.meta.url), 'utf8').split('\n')) {
        if (/^\S/.test(line)) path = null;
        const is_path = /^ {2}(\/\S*):/.exec(line), is_method = /^ {4}(get|post|put|patch|delete):/.exec(line);
        if (is_path) path = is_path[1];
        if (is_method && path) found.push({ path, method: is_method[1].toUpperCase() });
    }
    return found;
}

test('a key of another account finds nothing: 404 at every endpoint, empty lists', async () => {
    const stranger = key('create', '--account', 'strangers').api_key;
    const application = await service.application(receiver.url);
    const fax = await service.send({ to: '+12005550100', connection_id: application.id });
    await receiver.complete(fax.id);
    const walked = [];
    const number = await service.request('POST', '/v2/phone_numbers', { body: { phone_number: '+13125550101' } });
    const things = { '/v2/faxes/': fax.id, '/v2/fax_applications/': application.id, '/v2/phone_numbers/': number.body.data.id, '/v2/event_consumers/': 'desk' };
    things['/v2/destinations/'] = '+13125550177';
    await service.request('PATCH', '/v2/destinations/+13125550177', { body: { t38_bad: true } });
    things['/v2/events/'] = (await service.request('GET', '/v2/events')).body.data[0].id;
    await service.request('POST', '/v2/events/actions/acknowledge', { body: { consumer: 'desk', cursor: '0' } });
    if (endpoints().some((e) => e.path.startsWith('/v2/media'))) {
        const form = new FormData();
        form.set('media_name', 'mine');
        form.set('media', new Blob([readFileSync(new URL('../../doc/sample.pdf', import.meta.url))]), 'mine.pdf');
        const made = await service.request('POST', '/v2/media', { body: form });
        assert.equal(made.status, 201, JSON.stringify(made.body));
        things['/v2/media/'] = 'mine';
    }
    const batch = await service.request('POST', '/v2/fax_batches', { body: { connection_id: application.id, from: '+12025550123', media_name: 'mine', recipients: [{ to: '+12005550101' }] } });
    things['/v2/fax_batches/'] = batch.body.data.id;
    const preview = await service.request('POST', '/v2/fax_previews', { body: { media_name: 'mine' } });
    things['/v2/fax_previews/'] = preview.body.data.id;
    if (endpoints().some((e) => e.path.startsWith('/v2/webhook_deliveries')))
        things['/v2/webhook_deliveries/'] = (await service.request('GET', '/v2/webhook_deliveries')).body.data[0].id;
    const signed = ({ path }) => path.startsWith('/v2/stored/') || path.endsWith('/{file}'); // links that carry their own right
    /* A number is nobody's: with a change an account says what it knows itself. */
    const own = ({ path, method }) => path.startsWith('/v2/destinations/') && method === 'PATCH';
    for (const { path, method } of endpoints().filter((e) => /^\/v2\/.*\{/.test(e.path) && !signed(e) && !own(e))) {
        const thing = Object.keys(things).find((prefix) => path.startsWith(prefix));
        assert.ok(thing, `this test knows nothing that ${path} could name; teach it`);
        const body = method === 'GET' || method === 'DELETE' ? undefined : {};
        const answer = await service.request(method, path.replace(/\{[^}]*\}/, things[thing]), { key: stranger, body });
        assert.equal(answer.status, 404, `${method} ${path}: ${JSON.stringify(answer.body)}`);
        walked.push(`${method} ${path}`);
    }
    assert.ok(walked.length >= 3, walked.join());
    for (const { path } of endpoints().filter((e) => e.method === 'GET' && /^\/v2\/(faxes|fax_applications|phone_numbers|media|webhook_deliveries|events|event_consumers)$/.test(e.path)))
        assert.equal((await service.request('GET', path, { key: stranger })).body.data.length, 0, path);
    const answer = await service.request('POST', '/v2/faxes', { key: stranger, body: { connection_id: application.id,
        to: '+12005550100', from: '+12025550123', media_url: 'https://example.com/x.pdf' } });
    assert.equal(answer.status, 422, 'and cannot send with an application of others');
    assert.equal(answer.body.errors[0].code, '10017');
    for (const [prefix, id] of Object.entries(things).filter(([p]) => endpoints().some((e) => e.method === 'GET' && e.path.startsWith(`${p}{`))))
        assert.equal((await service.request('GET', prefix + id)).status, 200, `${prefix}${id} is still there for its owner`);
});
