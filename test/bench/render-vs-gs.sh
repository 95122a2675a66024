#!/bin/sh
# Pages per CPU second of faxwire-render beside Ghostscript's tiffg4, on the same documents at 204 x 196.
# Use: test/bench/render-vs-gs.sh BUILD [ROUNDS] [FILE.pdf...]
# Each round runs one after the other on each document, so that load on the machine meets both alike;
# the best round of each counts. Ghostscript scales pages to A4 as we do (-dPDFFitPage), and halftones greys.
set -eu
cd "$(dirname "$0")/../.."
build=$1
rounds=${2:-5}
shift
[ $# -gt 0 ] && shift
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
command -v gs >/dev/null || { echo "gs is not installed (apt-get install ghostscript)"; exit 1; }
if [ $# -eq 0 ]; then
    python3 test/tools/make-documents.py --bench "$dir"
    set -- doc/sample.pdf "$dir"/bench-*.pdf
fi
python3 - "$build/src/render/faxwire-render" "$rounds" "$dir" "$@" <<'PY'
import json, os, resource, subprocess, sys
program, rounds, folder, files = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]

def cpu(run):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

def ours(path):
    def run():
        with open(path) as document, open(f'{folder}/ours.tif', 'w+b') as pages, open(f'{folder}/result', 'wb') as result:
            kept = os.dup(result.fileno())
            moved = os.open('/dev/null', os.O_RDONLY)  # so that fd 3 is ours to use below
            def place():
                os.dup2(kept, 3)
            subprocess.run([program], stdin=document, stdout=pages, preexec_fn=place, close_fds=False, check=True)
            os.close(kept)
            os.close(moved)
    return run

def theirs(path):
    return lambda: subprocess.run(['gs', '-q', '-dNOPAUSE', '-dBATCH', '-dSAFER', '-sDEVICE=tiffg4', '-r204x196', '-sPAPERSIZE=a4',
                                   '-dFIXEDMEDIA', '-dPDFFitPage', '-o', f'{folder}/theirs.tif', path], check=True,
                                  stdout=subprocess.DEVNULL)

print(f'{"document":24} {"pages":>5} {"ours p/s":>9} {"gs p/s":>9} {"ratio":>6} {"ours KB/p":>10} {"gs KB/p":>8}')
for path in files:
    best = [9e9, 9e9]
    for round in range(rounds):
        order = [(0, ours(path)), (1, theirs(path))]
        for i, run in order if round % 2 == 0 else reversed(order):
            best[i] = min(best[i], cpu(run))
    pages = json.load(open(f'{folder}/result'))['pages']
    size = [os.path.getsize(f'{folder}/{name}.tif') / pages / 1024 for name in ('ours', 'theirs')]
    print(f'{os.path.basename(path):24} {pages:5} {pages / best[0]:9.1f} {pages / best[1]:9.1f} {best[1] / best[0]:6.2f} '
          f'{size[0]:10.1f} {size[1]:8.1f}')
PY
