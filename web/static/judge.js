// A file → the answer, with all that the server gives for it. Nothing of it leaves the device.

import {checkBytes} from './decode.js';
import {ImageError} from './errors.js';
import {claims} from './evidence/claims.js';
import {credentials} from './evidence/credentials.js';
import {readMetadata} from './evidence/metadata.js';
import {answerOf} from './vote.js';

const worker = new Worker(new URL('worker.js', import.meta.url), {type: 'module'});
const waiting = new Map();
let last = 0;

worker.onmessage = ({data: {id, progress, done, failed, message}}) => {
  const {resolve, reject, tell} = waiting.get(id);
  if (progress !== undefined) {
    tell?.(progress);
    return;
  }
  waiting.delete(id);
  if (message === undefined) resolve(done);
  else reject(failed ? new ImageError(failed.key, failed.fields) : new Error(message));
};

worker.onerror = ({message}) => {
  for (const {reject} of waiting.values()) reject(new Error(message));
  waiting.clear();
};

function ask(bytes, tell) {
  return new Promise((resolve, reject) => {
    waiting.set(++last, {resolve, reject, tell});
    worker.postMessage({id: last, bytes});
  });
}

// `tell` hears which share of the models has come. An ImageError says why it can't be judged.
export async function judge(file, tell) {
  checkBytes(file.size);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const looking = ask(bytes, tell);
  const [{verdict, marks, sha256}, notes] = await Promise.all([looking, fileNotes(bytes)]);
  const evidence = [...notes, ...marks];
  const {maps, ...votes} = verdict;
  const {answer, because, note} = answerOf(evidence, votes.label, votes.certainty);
  return {answer, because, evidence, ...votes, maps, deciding: note, sha256};
}

async function fileNotes(bytes) {
  const metadata = await readMetadata(bytes);
  return [...await credentials(bytes, metadata.xmp.provenance ?? ''), ...claims(metadata)];
}
