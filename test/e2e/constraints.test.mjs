/* Every constraint that doc/api.yaml states, tried from both sides: the value just inside is taken, the one just outside is refused
 * at the right place. And between them: values made from the examples by a seeded dice, where the document and the service must agree. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { api, resolve } from './lib/contract.mjs';
import { Service, sample } from './lib/service.mjs';

const ajv = new Ajv2020({ strict: false });
addFormats(ajv);
ajv.addSchema({ ...api, $id: 'api' });
const seed = Number(process.env.SEED ?? Date.now() % 1e9);

/* A cover page is one that is there: the longest name that there can be. */
const covers = mkdtempSync(join(tmpdir(), 'faxwire-covers-'));
writeFileSync(join(covers, `${'a'.repeat(40)}.html`), '<p>{{to}}</p>');

let service, documents, application, changing, number, ended, base, tag = 0;

before(async () => {
    service = await Service.start({ env: { FAXWIRE_FAXES_IN_PROCESS_MAX: '100000', FAXWIRE_COVERS_DIR: covers } });
    documents = createServer((request, response) => createReadStream(sample).pipe(response));
    await new Promise((done) => documents.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${documents.address().port}`;
    application = (await service.application(`${base}/hook`)).id;
    changing = (await service.application(`${base}/hook`)).id; // may become inactive
    number = (await service.request('POST', '/v2/phone_numbers', { body: { phone_number: '+13125550199' } })).body.data.id;
    ended = (await service.send({ to: '+12005550101' })).id;
    await service.ended(ended);
    console.log(`# seed ${seed}`);
});

after(async () => {
    documents?.closeAllConnections?.();
    documents?.close();
    await service?.end();
    rmSync(covers, { recursive: true });
});

/* What makes a request of each operation that has a body good, but for the field that is tried. */
const unique = () => `${seed}-${++tag}`;
const whole = {
    SendFax: () => ({ connection_id: application, to: '+12005550101', from: '+12025550123', media_url: `${base}/a.pdf` }),
    SendFaxBatch: () => ({ connection_id: application, from: '+12025550123', media_url: `${base}/a.pdf`, recipients: [{ to: '+12005550101' }] }),
    FaxPreviewRequest: () => ({ media_url: `${base}/a.pdf` }),
    CreateFaxApplication: () => ({ application_name: 'tried', webhook_event_url: `${base}/hook` }),
    UpdateFaxApplication: () => ({}),
    CreatePhoneNumber: () => ({ phone_number: `+1646${String(1e6 + ++tag)}` }),
    UpdatePhoneNumber: () => ({}),
    CreateMedia: () => ({ media_url: `${base}/a.pdf`, media_name: unique() }),
    UpdateMedia: () => ({}),
    ResendFax: () => ({}),
    RotateWebhookSecret: () => ({}),
    UpdateDestination: () => ({}),
    AcknowledgeEvents: () => ({ consumer: `reader-${++tag}`, cursor: '0' }),
};
/* Fields that mean something only beside others. */
const beside = { black_threshold: () => ({ monochrome: true }), pages: () => ({ media_url: Array(20).fill(`${base}/a.pdf`) }) };
/* What names something that must exist: the document says its form, not whether it does. */
const existing = { connection_id: () => application, media_url: (value) => (String(value).startsWith('https://example') ? `${base}/a.pdf` : value) };
const fillIn = { '/v2/fax_applications/{id}': () => `/v2/fax_applications/${changing}`,
                 '/v2/fax_applications/{id}/actions/rotate_webhook_secret': () => `/v2/fax_applications/${changing}/actions/rotate_webhook_secret`,
                 '/v2/faxes/{id}/actions/resend': () => `/v2/faxes/${ended}/actions/resend`,
                 '/v2/phone_numbers/{id}': () => `/v2/phone_numbers/${number}`,
                 '/v2/destinations/{number}': () => '/v2/destinations/+13125550177',
                 '/v2/media/{media_name}': () => '/v2/media/kept' };

const operations = Object.entries(api.paths).flatMap(([path, item]) => ['post', 'put', 'patch'].filter((m) => item[m]?.requestBody)
    .map((method) => ({ path, method, schema: item[method].requestBody.content['application/json'].schema.$ref.split('/').at(-1) })));

const ask = ({ path, method }, body) => service.request(method.toUpperCase(), fillIn[path]?.() ?? path, { body });
const pointers = (answer) => (answer.body?.errors ?? []).map((e) => e.source?.pointer ?? e.source?.parameter ?? '');
const shown = (value) => (JSON.stringify(value) ?? 'undefined').slice(0, 80);

/* What a schema says of its fields, those of its parts among them. */
function flat(given) {
    const { node } = resolve(given);
    const parts = [node, ...(node.allOf ?? []).map(flat)];
    return { ...node, properties: Object.assign({}, ...parts.map((part) => part.properties)), required: parts.flatMap((part) => part.required ?? []) };
}

/* A text of exactly `size` bytes that keeps to the schema otherwise. */
function textOf(schema, size) {
    const example = schema.examples?.[0] ?? '';
    if (schema.contentEncoding === 'base64') return size % 4 === 0 ? 'QUFB'.repeat(size / 4) : undefined;
    if (schema.format === 'uri') return `${base}/`.padEnd(size, 'a');
    if (schema.format === 'email') return `${'a'.repeat(size - 12)}@example.com`;
    if (example.startsWith('+1')) return `sip:${'a'.repeat(size - 4)}`;
    return 'a'.repeat(size);
}

function example(given) {
    const { node } = resolve(given);
    return node.type === 'array' ? [example(node.items)] : node.examples?.[0] ?? node.enum?.[0];
}

/* [value, inside] for every constraint of one field. */
function tries(name, given) {
    const schema = resolve(given).node;
    if (schema.oneOf) return schema.oneOf.flatMap((one) => tries(name, one).filter(([value, inside]) =>
        inside || !schema.oneOf.some((other) => other !== one && ajv.validate(rooted(other), value))));
    const out = [];
    if (schema.enum) {
        out.push(...schema.enum.map((value) => [value, true]), [`${schema.enum[0]}x`, false], [7, false]);
    } else if (schema.type === 'integer') {
        out.push([schema.minimum, true], [schema.maximum, true], [schema.minimum - 1, false], [schema.maximum + 1, false],
            ['x', false], [1.5, false], [true, false]);
    } else if (schema.type === 'boolean') {
        out.push([true, true], [false, true], ['true', false], [1, false]);
    } else if (schema.type === 'array') {
        const of = resolve(schema.items).node, one = of.examples?.[0] ?? of.enum?.[0] ?? 'a';
        const list = (size) => Array.from({ length: size }, (_, i) => (schema.uniqueItems ? one.slice(0, -5) + String(i).padStart(5, '0') : one));
        out.push([list(Math.min(schema.maxItems, 50)), true], [list(schema.maxItems + 1), false], [[7], false]); // more: see batches
        for (const [value, inside] of tries(name, schema.items)) if (typeof value === 'string' && value) out.push([[value], inside]);
    } else if (schema.type === 'object') {
        const needed = Object.fromEntries((schema.required ?? []).map((part) => [part, example(schema.properties[part])]));
        out.push([needed, true], ['x', false], ...Object.keys(needed).map((part) => [{ ...needed, [part]: null }, false, `/${part}`]));
        for (const [part, inner] of Object.entries(schema.properties ?? {}))
            for (const [value, inside] of tries(part, inner)) out.push([{ ...needed, [part]: value }, inside, `/${part}`]);
    } else if (schema.type === 'string') {
        out.push(...(schema.examples ?? []).map((value) => [value, true]), [7, false], [[], false], [{}, false]);
        const longest = schema.maxLength && name !== 'media_name' ? textOf(schema, schema.maxLength) : undefined;
        if (longest && (!schema.pattern || new RegExp(schema.pattern, 'u').test(longest))) out.push([longest, true]);
        if (schema.maxLength) out.push([textOf(schema, schema.maxLength + (schema.contentEncoding ? 4 : 1)), false]);
    }
    return out.filter(([value]) => value !== undefined);
}

/* Files: see the raw forms. Recipients: see batches. */
const ELSEWHERE = ['contents', 'media', 'recipients'];
const rooted = (schema) => JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#', '"$ref":"api#'));

for (const operation of operations) {
    const schema = flat(api.components.schemas[operation.schema]);
    const label = `${operation.method.toUpperCase()} ${operation.path}`;
    for (const [name, given] of Object.entries(schema.properties)) {
        if (ELSEWHERE.includes(name)) continue;
        test(`${label}: ${name}`, async () => {
            if (operation.path === '/v2/media/{media_name}') await keepMedia();
            let count = 0;
            for (const [value, inside, below = ''] of tries(name, given)) {
                const usable = inside && existing[name] ? existing[name](value) : value;
                const body = { ...whole[operation.schema](), ...beside[name]?.(), [name]: usable };
                if (name === 'media_name' && operation.schema === 'SendFax') { delete body.media_url; if (inside) continue; }
                const answer = await ask(operation, body);
                const at = pointers(answer);
                if (inside) assert.ok(answer.status < 300, `${shown(value)} refused: ${JSON.stringify(answer.body)}`);
                else {
                    assert.ok(answer.status === 422, `${shown(value)} taken: ${answer.status}`);
                    assert.ok(at.every((p) => p === `/${name}` || p.startsWith(`/${name}/`)), `${shown(value)}: ${at}`);
                    if (below) assert.ok(at.some((p) => p.startsWith(`/${name}${below}`)), `${shown(value)}: ${at}`);
                }
                count++;
            }
            assert.ok(count > 0 || name === 'media_name');
            const without = await ask(operation, { ...whole[operation.schema](), ...(name === 'media_url' ? {} : { [name]: null }) });
            const required = (schema.required ?? []).includes(name);
            const kept = operation.method === 'patch' && (api.components.schemas.CreateFaxApplication.required.includes(name));
            assert.equal(without.status < 300, !required && !kept, `null: ${JSON.stringify(without.body)}`);
        });
    }

    for (const name of schema.required ?? []) {
        test(`${label}: ${name} is required`, async () => {
            const body = whole[operation.schema]();
            delete body[name];
            const answer = await ask(operation, body);
            assert.equal(answer.status, 422);
            assert.deepEqual(pointers(answer), [`/${name}`]);
            assert.equal(answer.body.errors[0].code, '10004');
        });
    }

    test(`${label}: all that is wrong is told at once, what is unknown is ignored`, async () => {
        const wrong = {}, names = [];
        for (const [name, given] of Object.entries(schema.properties)) {
            if (ELSEWHERE.includes(name)) continue;
            const bad = tries(name, given).find(([, inside]) => !inside);
            wrong[name] = bad[0];
            names.push(name);
        }
        const told = pointers(await ask(operation, wrong)).map((p) => p.split('/')[1]);
        for (const name of names) assert.ok(told.includes(name), `${name} is not among ${told}`);
        const body = { ...whole[operation.schema](), no_such_field: { a: [1] }, x: null };
        if (operation.path === '/v2/media/{media_name}') await keepMedia();
        assert.ok((await ask(operation, body)).status < 300);
    });

    test(`${label}: document and service agree on values that nobody thought of`, async () => {
        const random = dice(seed + label.length);
        for (const [name, given] of Object.entries(schema.properties)) {
            const { node } = resolve(given);
            const ones = (node.oneOf ?? [node]).map((one) => resolve(one).node).filter((one) => one.type === 'string' && (one.pattern || one.examples));
            for (const one of ones) await agree(operation, name, one, random);
        }
    });
}

async function keepMedia() {
    const made = await service.request('POST', '/v2/media', { body: { media_url: `${base}/a.pdf`, media_name: 'kept' } });
    assert.ok([201, 422].includes(made.status));
}

/* mulberry32: the same numbers for the same seed. */
function dice(state) {
    return (below) => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) % below;
    };
}

const ODD = ['+', '1', '0', 'a', 'Z', ' ', '@', ':', ';', '/', '.', '-', '_', '~', '=', '<', '>', '"', '%', '?', '#', '[', ']', '\\', '\n', '\t', '\u0001', 'é', '€', '😀'];

function changed(text, random) {
    const letters = [...text];
    for (let i = 0; i <= random(3); i++) {
        const at = random(letters.length + 1), odd = ODD[random(ODD.length)];
        if (random(3) === 0) letters.splice(at, 1);
        else if (random(2) === 0) letters.splice(at, 1, odd);
        else letters.splice(at, 0, odd);
    }
    return letters.join('');
}

/* Something else is wrong on purpose, so that nothing is made: all faults are in one answer. */
async function agree(operation, name, schema, random) {
    const spoiled = { SendFax: ['quality', 'no such'], SendFaxBatch: ['quality', 'no such'], FaxPreviewRequest: ['quality', 'no such'], CreateFaxApplication: ['webhook_timeout_secs', 99],
        UpdateFaxApplication: ['webhook_timeout_secs', 99], CreatePhoneNumber: ['tags', [7]], UpdatePhoneNumber: ['tags', [7]],
        CreateMedia: ['ttl_secs', 0], UpdateMedia: ['ttl_secs', 0], AcknowledgeEvents: ['cursor', 'x'], RotateWebhookSecret: ['overlap_secs', -1],
        ResendFax: ['to'] }[operation.schema];
    const { format, ...rest } = schema;
    const inside = ajv.compile(rest);
    for (let i = 0; i < 60; i++) {
        const value = changed(schema.examples[random(schema.examples.length)], random);
        if (value === '') continue; // not given
        const answer = await ask(operation, { ...whole[operation.schema](), [name]: value, ...(name === spoiled[0] ? {} : { [spoiled[0]]: spoiled[1] }) });
        if (name === spoiled[0]) assert.ok(answer.status < 300 || answer.status === 422, String(answer.status));
        else assert.equal(answer.status, 422);
        /* Of a good form, but nobody has it: the document does not speak of that. */
        const faults = (answer.body.errors ?? []).filter((e) => e.source?.pointer === `/${name}` && !['10017', '10012'].includes(e.code));
        const said = inside(value);
        /* What a URL or an e-mail address is in full, no pattern says: there the document may take more. */
        if (!said || !['uri', 'email'].includes(format))
            assert.equal(faults.length === 0, said, `seed ${seed}: ${name} ${JSON.stringify(value)}: document ${said}, service ${JSON.stringify(faults)}`);
    }
}

test('what excludes each other is refused together, and one of them is needed', async () => {
    for (const [name, path] of [['SendFax', '/v2/faxes'], ['CreateMedia', '/v2/media']]) {
        const fields = api.components.schemas[name].oneOf.flatMap((one) => one.required);
        assert.ok(fields.length > 1);
        const { media_url, media_name, ...rest } = whole[name]();
        const none = await service.request('POST', path, { body: name === 'SendFax' ? rest : { media_name } });
        assert.equal(none.status, 422);
        assert.deepEqual(pointers(none), [`/${fields[0]}`]);
        assert.equal(none.body.errors[0].code, '10004');
        for (const a of fields) for (const b of fields.filter((f) => f > a)) {
            const form = new FormData();
            for (const [key, value] of Object.entries(rest)) form.set(key, value);
            for (const field of [a, b]) {
                if (field === 'contents' || field === 'media') form.set(field, new Blob(['%PDF-']), 'a.pdf');
                else form.set(field, field === 'media_url' ? media_url : 'kept');
            }
            const both = await service.request('POST', path, { body: form });
            assert.equal(both.status, 422, `${a} and ${b}`);
            assert.ok(pointers(both).every((p) => [`/${a}`, `/${b}`].includes(p)), `${a} and ${b}: ${pointers(both)}`);
        }
    }
});

test('what needs or forbids another field is held to it', async () => {
    await keepMedia();
    const { media_url, ...rest } = whole.SendFax();
    const schema = api.components.schemas.SendFax;
    assert.deepEqual(Object.keys(schema.dependentSchemas), ['media_name']);
    const stored = await service.request('POST', '/v2/faxes', { body: { ...rest, media_name: 'kept', store_media: true } });
    assert.deepEqual([stored.status, ...pointers(stored)], [422, '/store_media']);
    const kept = await service.request('POST', '/v2/faxes', { body: { ...rest, media_name: 'kept', store_media: false } });
    assert.equal(kept.status, 202);
    const inside = { black_threshold: schema.properties.black_threshold.default };
    assert.equal((await service.request('POST', '/v2/faxes', { body: { ...rest, media_url, ...inside } })).status, 202);
    const outside = { black_threshold: inside.black_threshold - 1 };
    const alone = await service.request('POST', '/v2/faxes', { body: { ...rest, media_url, ...outside } });
    assert.deepEqual([alone.status, ...pointers(alone)], [422, '/black_threshold']);
    assert.equal((await service.request('POST', '/v2/faxes', { body: { ...rest, media_url, ...outside, monochrome: true } })).status, 202);
});

/* Queries: wrong is 400, and the parameter is named. Lists are read, so every value may be tried as it is. */
for (const [path, item] of Object.entries(api.paths)) {
    if (!item.get || path.includes('{')) continue;
    for (const parameter of (item.get.parameters ?? []).map((p) => resolve(p).node).filter((p) => p.in === 'query')) {
        test(`GET ${path}: ${parameter.name}`, async () => {
            const schema = resolve(parameter.schema).node;
            const query = async (value) => service.request('GET', `${path}?${encodeURIComponent(parameter.name)}=${encodeURIComponent(value)}`);
            const out = [];
            if (schema.enum) out.push(...schema.enum.map((v) => [v, true]), ['nothing', false]);
            if (schema.minimum !== undefined) out.push([schema.minimum, true], [schema.minimum - 1, false], ['x', false], ['1.5', false]);
            if (schema.maximum !== undefined) out.push([schema.maximum, true], [schema.maximum + 1, false]);
            if (schema.minLength) out.push(['a'.repeat(schema.minLength), true], ...(schema.pattern ? [] : [['é'.repeat(schema.minLength), true]]), ['a'.repeat(schema.minLength - 1), false]);
            if (schema.maxLength) out.push(['a'.repeat(schema.maxLength), true], ['a'.repeat(schema.maxLength + 1), false]);
            if (schema.examples) out.push(...schema.examples.map((v) => [v, true]));
            if (schema.pattern || schema.format) out.push([`${schema.examples[0]}\u0001`, false]);
            if (out.length === 0) out.push(['anything', true]);
            for (const [value, inside] of out) {
                const answer = await query(value);
                assert.equal(answer.status, inside ? 200 : 400, `${value}: ${JSON.stringify(answer.body).slice(0, 200)}`);
                if (!inside) assert.deepEqual(answer.body.errors.map((e) => e.source.parameter), [parameter.name]);
            }
            assert.equal((await service.request('GET', `${path}?${encodeURIComponent(`x${parameter.name}`)}=1`)).status, 200, 'unknown ones are ignored');
        });
    }
}
