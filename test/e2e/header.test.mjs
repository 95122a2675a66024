/* The header line: read from what the far end received, with the letters that were drawn for it. The rest of each page
 * is compared dot by dot by the same tool (test/tools/header_read.c). */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { Service, build, until, pagesEqual } from './lib/service.mjs';
import { onePage } from './lib/pdf.mjs';

const hook = 'http://127.0.0.1:9/hook';
let service, serial = 200;

before(async () => { service = await Service.start({ env: { FAXWIRE_NO_HEADER_LINE: '0' } }); });
after(() => service?.end());

const own = (id, file) => join(service.faxFolder(id), file);

/* Lines of the pages of `received`, which are those of the fax behind the first `skip`. */
function lines(id, received, skip = 0) {
    return execFileSync(join(build, 'test/tools/header-read'), [own(id, 'header.bits'), received, own(id, 'pages.tif'), `${skip}`],
        { encoding: 'utf8' }).trim().split('\n');
}

/* To a number that nobody has, so that its mailbox is this fax's alone. */
async function sent(fields = {}, file = undefined) {
    const to = fields.to ?? `+1200555${serial++}9`.padEnd(12, '7');
    const fax = await service.ended((await service.send({ ...fields, to }, file)).id);
    assert.equal(fax.status, 'delivered', JSON.stringify(fax));
    const [received] = await until('the mail', () => service.mailbox(to).length && service.mailbox(to));
    return { fax, to, received };
}

/* The date of a line, as a time; its parts are in the zone that it names. */
const time = (line) => {
    const [, date, clock, ahead] = line.match(/^(\S+) (\d\d:\d\d) ([+-]\d\d:\d\d) /) ?? assert.fail(line);
    return { at: Date.parse(`${date}T${clock}:00${ahead}`), ahead };
};

test('each page says who sent it, when, to whom, and which it is of how many', async () => {
    const begun = Date.now();
    const { fax, to, received } = await sent({ from_display_name: 'Acme Clinic' });
    assert.equal(fax.header_line, true);
    const read = lines(fax.id, received);
    assert.equal(read.length, 3);
    for (const [i, line] of read.entries()) {
        assert.equal(line.slice(24).replace(/^ /, ''), `<name> +12025550123 to ${to} page ${i + 1} of 3`);
        assert.ok(time(line).at >= begun - 60_000 && time(line).at <= Date.now(), line);
    }
});

test('without a name there are the numbers, at every resolution', async () => {
    for (const quality of ['normal', 'high', 'very_high']) {
        const { fax, to, received } = await sent({ quality }, onePage(service.folder));
        assert.match(lines(fax.id, received)[0], new RegExp(` \\+12025550123 to \\${to} page 1 of 1$`), quality);
    }
});

test('the name and the time zone are the application\'s, in any script', async () => {
    for (const [zone, text] of [['Asia/Kathmandu', 'Müller & Söhne <b>'], ['America/St_Johns', 'مستشفى السلام'], ['UTC', '東京クリニック'],
        ['Pacific/Marquesas', 'x'.repeat(60)]]) {
        const application = await service.application(hook, { header_text: text, header_time_zone: zone });
        assert.deepEqual([application.header_text, application.header_time_zone, application.header_line], [text, zone, null]);
        const { fax, to, received } = await sent({ connection_id: application.id, from_display_name: 'Other' }, onePage(service.folder));
        const [line] = lines(fax.id, received);
        assert.ok(line.endsWith(` <name> +12025550123 to ${to} page 1 of 1`), `${text}: ${line}`);
        const shown = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(new Date(time(line).at));
        const offset = shown.find((p) => p.type === 'timeZoneName').value.slice(3) || '+00:00';
        assert.equal(time(line).ahead, offset, line);
        assert.ok(Math.abs(time(line).at - Date.now()) < 10 * 60_000, line);
    }
});

test('off is off: for one fax, for an application, or for all; and each may say the opposite of the next', async () => {
    const off = await service.application(hook, { header_line: false });
    for (const [fields, on] of [[{ header_line: 'false' }, false], [{ connection_id: off.id }, false],
        [{ connection_id: off.id, header_line: 'true' }, true], [{}, true]]) {
        const { fax, received } = await sent(fields, onePage(service.folder));
        assert.equal(fax.header_line, on, JSON.stringify(fields));
        assert.equal(existsSync(own(fax.id, 'header.bits')), on);
        if (on) assert.equal(lines(fax.id, received).length, 1);
        else pagesEqual(received, own(fax.id, 'pages.tif'));
    }
    const patched = await service.request('PATCH', `/v2/fax_applications/${off.id}`, { body: { header_line: null } });
    assert.equal(patched.body.data.header_line, null);
    assert.equal((await sent({ connection_id: off.id }, onePage(service.folder))).fax.header_line, true);
});

test('a fax that goes on says so, and counts all of its pages', async () => {
    const to = '+12005550107'; // hangs up in page 2 of each call
    const retry = { dropped: { delay_secs: 1, max: 5 }, max_tries: 9, partial: 'resume', ladder: false };
    const fax = await service.ended((await service.send({ to, retry: JSON.stringify(retry) })).id);
    assert.deepEqual([fax.status, fax.pages_confirmed], ['delivered', 3], JSON.stringify(fax));
    const received = await until('the last page', () => service.mailbox(to).length && service.mailbox(to).at(-1));
    const [line] = lines(fax.id, received, 2);
    assert.match(line, / to \+12005550107 continued, page 3 of 3$/);
});

test('a preview is the pages as they are under any header', async () => {
    const { fax, received } = await sent({ store_preview: 'true', preview_format: 'tiff' }, onePage(service.folder));
    const answer = await fetch(fax.preview_url);
    assert.equal(answer.status, 200);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const copy = join(service.folder, 'preview.tif');
    await import('node:fs').then(({ writeFileSync }) => writeFileSync(copy, bytes));
    pagesEqual(copy, own(fax.id, 'pages.tif'));
    assert.equal(lines(fax.id, received).length, 1);
    /* The tool that says so sees what is not so. */
    copyFileSync(copy, join(service.folder, 'other.tif'));
    assert.notEqual(spawnSync(join(build, 'test/tools/header-read'), [own(fax.id, 'header.bits'), join(service.folder, 'other.tif'), own(fax.id, 'pages.tif'), '0']).status, 0);
});

test('a batch has one sheet, and each fax its own number', async () => {
    const recipients = ['+12005557101', '+12005557102'].map((to) => ({ to }));
    const form = new FormData();
    for (const [name, value] of Object.entries({ connection_id: service.application_id, from: '+12025550123', recipients: JSON.stringify(recipients) }))
        form.set(name, value);
    form.set('contents', new Blob([await import('node:fs').then((fs) => fs.readFileSync(onePage(service.folder)))]), 'a.pdf');
    const batch = (await service.request('POST', '/v2/fax_batches', { body: form })).body.data;
    for (const { to } of recipients) {
        const [received] = await until('the mail', () => service.mailbox(to).length && service.mailbox(to));
        const [line] = execFileSync(join(build, 'test/tools/header-read'), [own(batch.id, 'header.bits'), received, own(batch.id, 'pages.tif'), '0'], { encoding: 'utf8' }).split('\n');
        assert.ok(line.endsWith(` to ${to} page 1 of 1`), line);
    }
});

test('a text or a zone that cannot be is refused', async () => {
    for (const [name, value] of [['header_text', 'two\nlines'], ['header_text', 'x'.repeat(61)], ['header_time_zone', 'Mars/Olympus'],
        ['header_time_zone', '../../etc/passwd'], ['header_line', 'maybe']]) {
        const answer = await service.request('POST', '/v2/fax_applications', { body: { application_name: 'a', webhook_event_url: hook, [name]: value } });
        assert.equal(answer.status, 422, name);
        assert.equal(answer.body.errors[0].source.pointer, `/${name}`);
    }
});
