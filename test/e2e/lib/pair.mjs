/* Two services that are each other's trunk: real SIP between them, and nobody in the middle. */
import { createSocket } from 'node:dgram';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Service, bin } from './service.mjs';

/* A UDP port that is free now. */
export async function freePort() {
    const socket = createSocket('udp4');
    await new Promise((done) => socket.bind(0, '127.0.0.1', done));
    const { port } = socket.address();
    await new Promise((done) => socket.close(done));
    return port;
}

/* `wrap` gets the command and may put another around it; `more` are further lines of the configuration. */
export async function serve({ port, peer, unpaced = true, more = '', env = {}, wrap = (command) => command }) {
    const data = mkdtempSync(join(tmpdir(), 'faxwire-pair-'));
    const config = join(tmpdir(), `faxwire-pair-${port}.yaml`);
    writeFileSync(config, [`data: ${data}`, 'listen: 127.0.0.1:0', 'sip_host: 127.0.0.1', `sip_port: ${port}`,
        'webhook_private: true', 'fetch_private: true', more, 'trunks:', '  - name: peer', '    host: 127.0.0.1',
        `    port: ${peer}`, '    options_secs: 0', `    unpaced: ${unpaced}`, ''].join('\n'));
    return Service.start({ data, env, command: wrap([bin('faxwire'), 'serve', '--config', config], data) });
}

export async function pair(options = {}) {
    const [a, b] = [await freePort(), await freePort()];
    return [await serve({ port: a, peer: b, ...options.both, ...options.a }),
        await serve({ port: b, peer: a, ...options.both, ...options.b })];
}
