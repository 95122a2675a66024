/* Holds what the service answers, and what it tells by webhook, against its own description (doc/api.yaml as it was built in).
 *
 * Every answer that passes through fetch or a Tap is looked at: its path and method, status, content type, headers and body. A
 * field that is not described is a fault, as is one that is described as always there and is not. A fault is thrown at once, and
 * ends the process badly too, since a client library may take the exception for a lost connection. */
import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const build = process.env.FAXWIRE_BUILD ?? new URL('../../../build', import.meta.url).pathname;
export const api = JSON.parse(readFileSync(join(build, 'src/api/openapi.json'), 'utf8'));
export const faults = [];

process.on('exit', () => {
    if (faults.length === 0) return;
    console.error(`${faults.length} answers are not as doc/api.yaml says:\n${faults.slice(0, 10).join('\n')}`);
    process.exitCode = 1;
});

/* No fields but those described. A schema that only adds to the one that it refers to stays open. */
function close(node) {
    if (node === null || typeof node !== 'object') return node;
    if (Array.isArray(node)) return node.map(close);
    const closed = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, close(value)]));
    if (node.type && [node.type].flat().includes('object') && node.properties && !node.$ref && node.additionalProperties === undefined)
        closed.additionalProperties = false;
    return closed;
}

export function validator(document) {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats(ajv);
    ajv.addSchema({ ...document, $id: 'api' });
    const compiled = new Map();
    return (pointer) => {
        if (!compiled.has(pointer)) compiled.set(pointer, ajv.compile({ $ref: `api#${pointer}` }));
        return compiled.get(pointer);
    };
}

const answerSchema = validator(close(api));
const escape = (text) => encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'));
const pointerOf = (...parts) => parts.map((part) => `/${escape(part)}`).join('');

/* What `$ref` leads to, and where that is. */
export function resolve(node, place, document = api) {
    while (node?.$ref) {
        place = node.$ref.slice(1);
        node = node.$ref.split('/').slice(1).reduce((at, part) => at?.[part.replaceAll('~1', '/').replaceAll('~0', '~')], document);
    }
    return { node, place };
}

/* The described path that `pathname` is one of; names before parameters. */
export function templateOf(pathname) {
    const parts = pathname.split('/');
    const fits = Object.keys(api.paths).filter((template) => {
        const wanted = template.split('/');
        return wanted.length === parts.length && wanted.every((part, i) => (part.startsWith('{') ? parts[i] !== '' : part === parts[i]));
    });
    return fits.sort((a, b) => a.split('{').length - b.split('{').length)[0];
}

/* The described response of that status, or undefined. */
function responseOf(template, method, status) {
    const item = api.paths[template];
    const operation = item?.[method];
    if (operation) {
        const responses = operation.responses;
        const place = `${pointerOf('paths', template, method, 'responses')}/${status}`;
        return responses[status] && resolve(responses[status], place);
    }
    const general = { 400: 'BadRequest', 404: 'NotFound', ...(item ? { 405: 'MethodNotAllowed' } : {}) };
    const name = general[status];
    return name && resolve({ $ref: `#/components/responses/${name}` });
}

/* What is wrong with an answer; undefined when nothing is. `text` is undefined for bodies that nobody read. */
export function answerFault({ method, path, status, headers, text }) {
    const id = headers.get('request-id');
    if (!id || headers.get('x-request-id') !== id) return 'no request-id and x-request-id';
    if (method === 'OPTIONS' && status === 204) return text ? 'a body' : undefined; // HTTP's own, of every path
    const template = templateOf(new URL(path, 'http://any').pathname);
    const response = responseOf(template, (method === 'HEAD' ? 'GET' : method).toLowerCase(), status);
    if (!response) return `status ${status} is not described`;
    if (method === 'HEAD') return text ? 'a body' : undefined;
    const { content } = response.node;
    if (!content) return text ? 'a body, though none is described' : undefined;
    const type = (headers.get('content-type') ?? '').split(';')[0];
    if (!content[type]) return `content type '${type}' is not described`;
    if (type !== 'application/json') return undefined;
    const validate = answerSchema(`${response.place}/content/application~1json/schema`);
    let body;
    try { body = JSON.parse(text); } catch { return `not JSON: ${text}`; }
    return validate(body) ? undefined : JSON.stringify(validate.errors.map((e) => [e.instancePath, e.message, e.params]));
}

function report(what, fault, shown) {
    const text = `${what}: ${fault}\n${shown}`;
    faults.push(text);
    return new Error(`not as doc/api.yaml says: ${text}`);
}

export function checkAnswer(answer) {
    const fault = answerFault(answer);
    if (fault) throw report(`${answer.method} ${answer.path} ${answer.status}`, fault, answer.text ?? '');
}

export function checkWebhook(body) {
    const type = body?.data?.event_type;
    const item = api.webhooks[type];
    if (!item) throw report(`webhook ${type}`, 'is not described', JSON.stringify(body));
    const { place } = resolve(item, pointerOf('webhooks', type));
    const validate = answerSchema(`${place}/post/requestBody/content/application~1json/schema`);
    if (!validate(body))
        throw report(`webhook ${type}`, JSON.stringify(validate.errors.map((e) => [e.instancePath, e.message, e.params])), JSON.stringify(body));
}

const services = new Set();
export const watch = (url) => { services.add(new URL(url).origin); };

const realFetch = globalThis.fetch;
globalThis.fetch = async function checkedFetch(input, init) {
    const answer = await realFetch(input, init);
    const url = new URL(input.url ?? input);
    if (!services.has(url.origin)) return answer;
    const isText = /json/.test(answer.headers.get('content-type') ?? 'json');
    checkAnswer({ method: init?.method ?? input.method ?? 'GET', path: url.pathname, status: answer.status,
                  headers: answer.headers, text: isText ? await answer.clone().text() : undefined });
    return answer;
};

/* For clients that do not go through fetch: passes everything on to the service, and looks at the answers. */
export class Tap {
    static async start(service) {
        const tap = new Tap();
        const target = new URL(service.url);
        tap.server = createServer((asked, answer) => {
            const onward = httpRequest({ host: target.hostname, port: target.port, method: asked.method, path: asked.url, headers: asked.headers });
            onward.on('error', () => answer.destroy());
            onward.on('response', (got) => {
                const parts = [];
                got.on('data', (part) => parts.push(part));
                got.on('end', () => {
                    const body = Buffer.concat(parts);
                    answer.writeHead(got.statusCode, got.headers).end(body);
                    try {
                        checkAnswer({ method: asked.method, path: asked.url, status: got.statusCode, text: body.toString(),
                                      headers: new Headers(Object.entries(got.headers).map(([k, v]) => [k, String(v)])) });
                    } catch (error) { console.error(error.message); }
                });
            });
            asked.pipe(onward);
        });
        await new Promise((done) => tap.server.listen(0, '127.0.0.1', done));
        tap.host = '127.0.0.1';
        tap.port = tap.server.address().port;
        tap.url = `http://127.0.0.1:${tap.port}`;
        return tap;
    }

    async end() {
        this.server.closeAllConnections?.();
        await new Promise((done) => this.server.close(done));
    }
}
