/* An authority of the test's own (ca.pem) and certificates by it: `right` for 127.0.0.1, `named` for sip.example, `wrong`
 * for somebody else. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export function certificates(folder) {
    const path = (name) => join(folder, name);
    const openssl = (...args) => execFileSync('openssl', args, { stdio: 'ignore', cwd: folder });
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=test authority', '-keyout', 'ca.key', '-out', 'ca.pem');
    for (const [name, subject] of [['right', 'IP:127.0.0.1'], ['wrong', 'DNS:other.example'], ['named', 'DNS:sip.example']]) {
        writeFileSync(path(`${name}.ext`), `subjectAltName=${subject}\n`);
        openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=x', '-keyout', `${name}.key`, '-out', `${name}.csr`);
        openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`, '-out', `${name}.pem`);
    }
    return (name) => ({ key: readFileSync(path(`${name}.key`)), cert: readFileSync(path(`${name}.pem`)) });
}
