/* Faxes at a time, within hours, until a time: as the API takes and shows them, over a restart, and in calls that happen or do not. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Service, sample, until } from './lib/service.mjs';
import { readFileSync } from 'node:fs';

let service;
before(async () => { service = await Service.start(); });
after(async () => service?.end());

const ahead = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
/* Open for the whole of the day that is `from` days away, as UTC has it. */
const window = (from) => ({ time_zone: 'Etc/UTC', days: [days[(new Date().getUTCDay() + from) % 7]], from: '00:00', to: '24:00' });
async function upload() {
    const form = new FormData();
    form.set('media', new Blob([readFileSync(sample)]), 'sample.pdf');
    const { body } = await service.request('POST', '/v2/media', { body: form });
    return body.data.media_name;
}
let media;
const post = async (fields) => service.request('POST', '/v2/faxes', { body: { connection_id: service.application_id, from: '+12025550123',
    to: '+12005550100', media_name: (media ??= await upload()), ...fields } });
const get = async (id) => (await service.request('GET', `/v2/faxes/${id}`)).body.data;
const prepared = (id) => until('its pages', async () => { const fax = await get(id); return fax.status !== 'queued' && fax; });

test('a fax for later has its pages now and its call then, whatever is killed meanwhile', async () => {
    const send_at = ahead(3600);
    const { status, body } = await post({ send_at });
    assert.equal(status, 202, JSON.stringify(body));
    assert.equal(Date.parse(body.data.send_at), Date.parse(send_at));
    const waits = await prepared(body.data.id);
    assert.deepEqual([waits.status, waits.page_count, waits.next_attempt_at, waits.attempt_count], ['media.processed', 3, waits.send_at, 0]);
    const soon = (await post({ send_at: ahead(2) })).body.data;
    await prepared(soon.id);
    await service.stop('SIGKILL');
    service = await Service.start({ data: service.folder });
    const sent = await service.ended(soon.id);
    assert.equal(sent.status, 'delivered');
    const [attempt] = (await service.request('GET', `/v2/faxes/${soon.id}/attempts`)).body.data;
    assert.ok(attempt.started_at >= sent.send_at, `${attempt.started_at} is not before ${sent.send_at}`);
    assert.equal((await get(waits.id)).attempt_count, 0);
    assert.equal((await service.request('POST', `/v2/faxes/${waits.id}/actions/cancel`)).status, 202);
    assert.equal((await service.ended(waits.id)).failure_reason, 'sender_canceled');
});

test('documents that cannot be faxed are told long before the call', async () => {
    const form = new FormData();
    for (const [name, value] of Object.entries({ connection_id: service.application_id, from: '+12025550123', to: '+12005550100', send_at: ahead(86400) })) form.set(name, value);
    form.set('contents', new Blob(['%PDF-1.7 and nothing']), 'broken.pdf');
    const { body } = await service.request('POST', '/v2/faxes', { body: form });
    assert.equal((await service.ended(body.data.id)).failure_reason, 'file_format_invalid');
});

test('a closed window is waited for, an open one is not', async () => {
    const closed = (await post({ send_window: window(2) })).body.data;
    const open = (await post({ send_window: { ...window(0), days } })).body.data;
    assert.equal((await service.ended(open.id)).status, 'delivered');
    const waits = await prepared(closed.id);
    assert.deepEqual(waits.send_window, closed.send_window);
    assert.match(waits.next_attempt_at, /T00:00:00\.000000Z$/);
    assert.ok(Date.parse(waits.next_attempt_at) > Date.now());
    const form = new FormData(); // a form has it as JSON
    for (const [name, value] of Object.entries({ connection_id: service.application_id, from: '+12025550123', to: '+12005550100', media_name: media,
        send_window: JSON.stringify(window(2)) })) form.set(name, value);
    const { body } = await service.request('POST', '/v2/faxes', { body: form });
    assert.deepEqual(body.data.send_window, closed.send_window);
});

test('what cannot be called in time fails as expired, and a busy number as busy', async () => {
    const late = (await post({ send_at: ahead(3600), expires_at: ahead(3601) })).body.data;
    await prepared(late.id);
    const busy = (await post({ to: '+12005550101', expires_at: ahead(60), retry: { policy: 'standard', busy: { delay_secs: 300, max: 3 } } })).body.data;
    const ended = await service.ended(busy.id);
    assert.equal(ended.failure_reason, 'user_busy');
    assert.match(ended.internal_failure_reason, /it expires before the next call/);
    /* Two to one number, of which the first takes its time: the second has no time left. */
    const slow = (await post({ to: '+12005550116' })).body.data;
    await until('its call', async () => (await get(slow.id)).attempt_count === 1);
    const waiting = (await post({ to: '+12005550116', expires_at: ahead(1.5) })).body.data;
    const expired = await service.ended(waiting.id);
    assert.deepEqual([expired.failure_reason, expired.attempt_count], ['expired', 0]);
    assert.match(expired.internal_failure_reason, /before it was dialled/);
    await service.request('POST', `/v2/faxes/${slow.id}/actions/cancel`);
});

test('times of a fax that is sent again are its own', async () => {
    const first = (await post({ to: '+12005550101', expires_at: ahead(3600) })).body.data;
    await service.ended(first.id);
    const again = (path, body) => service.request('POST', `/v2/faxes/${first.id}/actions/resend`, { body });
    assert.equal((await again('resend', {})).body.data.expires_at, null);
    const later = (await again('resend', { send_at: ahead(3600), send_window: window(3) })).body.data;
    assert.deepEqual([later.send_window, later.expires_at], [window(3), null]);
    assert.equal((await again('resend', { expires_at: ahead(-1) })).status, 422);
});

test('what is wrong with them is pointed at', async () => {
    const wrong = [
        [{ send_at: '2026-12-01' }, '/send_at'], [{ send_at: '2026-12-01T08:00:00' }, '/send_at'], [{ send_at: 5 }, '/send_at'],
        [{ send_at: ahead(400 * 86400) }, '/send_at'], [{ expires_at: 'soon' }, '/expires_at'], [{ expires_at: ahead(-60) }, '/expires_at'],
        [{ send_at: ahead(3600), expires_at: ahead(3600 - 5) }, '/expires_at'],
        [{ send_window: window(3), expires_at: ahead(3600) }, '/expires_at'],
        [{ send_window: 'always' }, '/send_window'], [{ send_window: { ...window(0), time_zone: 'Europe/Bielefeld' } }, '/send_window/time_zone'],
        [{ send_window: { ...window(0), time_zone: '../../../etc/passwd' } }, '/send_window/time_zone'],
        [{ send_window: { ...window(0), days: [] } }, '/send_window/days'], [{ send_window: { ...window(0), days: ['Monday'] } }, '/send_window/days'],
        [{ send_window: { ...window(0), from: '8:00' } }, '/send_window/from'], [{ send_window: { ...window(0), to: '25:00' } }, '/send_window/to'],
        [{ send_window: { ...window(0), to: '00:00' } }, '/send_window/to'], [{ send_window: { ...window(0), until: '18:00' } }, '/send_window/until'],
    ];
    for (const [fields, pointer] of wrong) {
        const { status, body } = await post(fields);
        assert.equal(status, 422, JSON.stringify(fields));
        assert.deepEqual(body.errors.map((error) => error.source?.pointer), [pointer], JSON.stringify(body.errors));
    }
});
