// C2PA Content Credentials; see ensemble/evidence/credentials.py and provenance.py. The library
// that checks them comes with the first file that has some, and is stopped if it takes too long.

import {LIBRARY, load} from '../files.js';
import rule from '../rule.js';
import {find} from './bytes.js';
import {clean, note} from './claims.js';
import {statements} from './history.js';

const {mark, own} = rule.credentials;
const PATIENCE = 20_000;  // milliseconds, after which a file counts as damaged

// Notes on the credentials of a file; `address` is where they lie if not in it.
export async function credentials(bytes, address) {
  if (find(bytes, mark) < 0)
    return clean(address) ? [note(own, 'credentials_elsewhere', {address: clean(address)})] : [];
  const {store, error} = await readStore(bytes);
  if (error) return [note(own, 'credentials_damaged', {reason: clean(error)})];
  if (!store) return [];
  return Array.from(statements(store),
                    ([source, key, fields]) => note(source, key, cleaned(fields)));
}

let library = null;

async function readStore(bytes) {
  library ??= load(LIBRARY).then((wasm) => WebAssembly.compile(wasm));
  library.catch(() => { library = null; });  // the next file tries again
  const module = await library;
  const worker = new Worker(new URL('credentials-worker.js', import.meta.url), {type: 'module'});
  return new Promise((resolve, reject) => {
    worker.onmessage = ({data}) => resolve(data);
    worker.onerror = () => reject(new Error('The library for Content Credentials did not start.'));
    worker.postMessage({module, bytes});
    setTimeout(() => resolve({error: 'Reading took too long.'}), PATIENCE);
  }).finally(() => worker.terminate());
}

const cleaned = (fields) => Object.fromEntries(Object.entries(fields).map(([name, value]) =>
  [name, Array.isArray(value) ? value.map((item) => clean(String(item))) : clean(String(value))]));
