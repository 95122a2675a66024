/* Who signs webhooks: the key and its rotation, secrets of applications, each as the client libraries check it. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { Telnyx, TelnyxStandard } from './lib/clients.mjs';
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

async function hooks(application) {
    const fax = await service.send({ to: '+12005550100', connection_id: application.id });
    return receiver.complete(fax.id);
}
const client = (Library, publicKey) => new Library({ apiKey: service.api_key, baseURL: `${service.url}/v2`, publicKey });
const takes = async (library, hook) => { await library.webhooks.unwrap(hook.body, { headers: hook.headers }); };
const refuses = (library, hook) => assert.rejects(async () => takes(library, hook));

test('telnyx 7.17.0 verifies by the secret of the application; 7.24.0 goes on by the key', async () => {
    const application = await service.application(receiver.url);
    const [plain] = await hooks(application);
    assert.equal(plain.headers['webhook-signature'], undefined);
    const rotate = (body) => service.request('POST', `/v2/fax_applications/${application.id}/actions/rotate_webhook_secret`, { body });
    const first = (await rotate({})).body.data;
    assert.match(first.secret, /^whsec_/);
    assert.equal(first.previous_valid_until, null);
    const standard = client(TelnyxStandard, first.secret), newest = client(Telnyx, service.public_key);
    for (const hook of await hooks(application)) {
        await takes(standard, hook);
        await takes(newest, hook);
        assert.equal(hook.headers['webhook-id'], hook.event.data.id);
        await refuses(standard, { ...hook, body: hook.body.replace('"queued"', '"failed"').replace('+1200', '+1300') });
    }
    await refuses(client(TelnyxStandard, 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz'), (await hooks(application))[0]);

    const own = 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz';
    const second = (await rotate({ secret: own, overlap_secs: 3600 })).body.data;
    assert.equal(second.secret, own);
    assert.ok(Date.parse(second.previous_valid_until) > Date.now());
    for (const hook of await hooks(application)) { // both may check it
        await takes(standard, hook);
        await takes(client(TelnyxStandard, own), hook);
    }
    const third = (await rotate({ overlap_secs: 0 })).body.data;
    const [hook] = await hooks(application);
    await takes(client(TelnyxStandard, third.secret), hook);
    await refuses(client(TelnyxStandard, own), hook);

    const shown = await service.request('GET', `/v2/fax_applications/${application.id}`);
    assert.ok(!JSON.stringify(shown.body).includes('whsec_'), 'it was shown once');
    assert.equal((await service.request('DELETE', `/v2/fax_applications/${application.id}/webhook_secret`)).status, 204);
    assert.equal((await hooks(application))[0].headers['webhook-signature'], undefined);
    for (const [body, code] of [[{ secret: 'plain' }, '10027'], [{ secret: 'whsec_c2hvcnQ=' }, '10027'], [{ overlap_secs: -1 }, '10033'], [{ overlap_secs: 'x' }, '10026']]) {
        const answer = await rotate(body);
        assert.equal(answer.status, 422);
        assert.equal(answer.body.errors[0].code, code);
    }
    assert.equal((await service.request('POST', '/v2/fax_applications/404/actions/rotate_webhook_secret', { body: {} })).status, 404);
});

test('a new key is shown before it signs, and the old one after', async () => {
    const run = (...args) => spawnSync(bin('faxwire'), ['key', 'rotate-webhook', '--data', service.folder, ...args], { encoding: 'utf8' });
    const application = await service.application(receiver.url);
    const keys = async () => (await service.request('GET', '/v2/webhook_public_key')).body.data;
    const old = await keys();
    assert.deepEqual(old.keys, [{ public_key: service.public_key, status: 'active', active_from: null }]);

    const rotate = async (overlap) => {
        const made = run('--overlap', overlap);
        assert.equal(made.status, 0, made.stderr);
        const { public_key } = JSON.parse(made.stdout);
        return until('the service to see it', async () => {
            const now = await keys();
            return now.keys.at(-1).public_key === public_key && now;
        });
    };
    const coming = await rotate('1h');
    assert.equal(coming.public_key, service.public_key, 'the old one signs');
    assert.deepEqual(coming.keys.map((k) => k.status), ['active', 'next']);
    assert.equal(run('--overlap', '1h').status, 1, 'one at a time');
    for (const hook of await hooks(application)) await takes(client(Telnyx, service.public_key), hook);

    const at_once = await rotate('0s');
    assert.deepEqual(at_once.keys.map((k) => k.status), ['previous', 'active']);
    for (const hook of await hooks(application)) await takes(client(Telnyx, at_once.public_key), hook);

    /* All the time until it is active, and behind that, each webhook is good for one of those that are shown. */
    const soon = await rotate('2s');
    const shown = soon.keys.map((k) => client(Telnyx, k.public_key));
    await until('the change', async () => {
        let last;
        for (const hook of await hooks(application)) {
            const good = await Promise.all(shown.map((c) => takes(c, hook).then(() => true, () => false)));
            assert.equal(good.filter(Boolean).length, 1);
            last = good.indexOf(true);
        }
        return last === shown.length - 1;
    });
    assert.equal((await keys()).public_key, soon.keys.at(-1).public_key);
    await service.stop();
    service = await Service.start({ data: service.folder });
    assert.equal(service.public_key, soon.keys.at(-1).public_key, 'over a restart');
    for (const wrong of [['--overlap', 'soon'], ['x'], ['--odd', '1']]) assert.equal(run(...wrong).status, 2, wrong.join(' '));
    assert.equal(spawnSync(bin('faxwire'), ['key', 'rotate-webhook', '--data', '/nowhere']).status, 1);
});
