// The models of the packs, each loaded when the first picture of its size comes.

import * as ort from './vendor/ort.wasm.bundle.min.mjs';
import packs from './packs.js';
import {RUNTIME, load} from './files.js';
import {tilesOf} from './tiles.js';
import {correct, decide, packFor} from './vote.js';

const THREADS = 4;  // more don't help networks this small
const loaded = new Map();
let runtime = null;

export const inputSize = Math.max(...packs.map(({manifest}) => manifest.input_size));

// The verdict of the pack for a picture's size; `progress` is told the share that has been loaded.
export async function judge(picture, digest, progress) {
  const manifest = packFor(packs.map((pack) => pack.manifest), picture.full);
  const pack = packs.find((one) => one.manifest === manifest);
  const {sessions, digests} = await ready(pack, progress);
  const {pixels, shape} = tilesOf(picture, manifest);
  const images = new ort.Tensor('uint8', pixels, shape);
  const probabilities = [], maps = {};
  for (const [i, session] of sessions.entries()) {
    const {p_ai: p, map} = await session.run({images});
    probabilities.push(correct(p.data[0], i, manifest.calibration));
    if (map) maps[manifest.members[i].name] = mapOf(map, i, manifest.calibration);
  }
  return {...decide(manifest, picture.full, probabilities, knows(digests, digest)), maps};
}

function ready(pack, progress = () => {}) {
  const name = pack.manifest.name;
  if (!loaded.has(name)) {
    const loading = start(pack, progress);
    loaded.set(name, loading);
    loading.catch(() => loaded.delete(name));  // the next picture tries again
  }
  return loaded.get(name);
}

async function start({manifest, files, runtimeBytes}, progress) {
  const total = files.reduce((sum, {bytes}) => sum + bytes, runtime ? 0 : runtimeBytes);
  let count = 0;
  const arrived = (bytes) => progress((count += bytes) / total);
  runtime ??= load(RUNTIME, arrived).then((wasm) => {
    ort.env.wasm.wasmBinary = wasm;
    ort.env.wasm.numThreads = self.crossOriginIsolated
      ? Math.min(navigator.hardwareConcurrency, THREADS) : 1;
  });
  runtime.catch(() => { runtime = null; });
  const contents = await Promise.all(files.map(({name}) => load(name, arrived)));
  await runtime;
  const sessions = [];
  for (const [i] of manifest.members.entries())
    sessions.push(await ort.InferenceSession.create(contents[i]));
  return {sessions, digests: contents.at(-1)};
}

// Whether a file's digest, 8 bytes, is among those of the training files, which are sorted.
function knows(digests, digest) {
  const table = new DataView(digests.buffer, digests.byteOffset, digests.byteLength);
  const wanted = new DataView(digest).getBigUint64(0);
  let low = 0, high = digests.byteLength / 8;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (table.getBigUint64(8 * middle) < wanted) low = middle + 1;
    else high = middle;
  }
  return 8 * low < digests.byteLength && table.getBigUint64(8 * low) === wanted;
}

// A map's mean is its member's logit, so both are corrected alike.
function mapOf({data, dims}, i, {scales, shifts}) {
  const [height, width] = dims.slice(-2);
  const logits = Float32Array.from(data, (value) => scales ? value * scales[i] + shifts[i] : value);
  return {logits, width, height};
}
