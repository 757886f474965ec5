// JPEG → pixels by libjpeg-turbo, as Pillow decodes it, to the bit: browsers differ in how they
// enlarge colour, and none decodes at a reduced scale.

import {load} from './files.js';

const RGB = 0;  // TurboJPEG's number of the order red, green, blue
const SCALES = [8, 4, 2, 1];

let compiled = null;

// As `ensemble.images.open_picture`: at 1/2, 1/4 or 1/8 while both sides keep `atLeast` pixels.
// Null if this decoder can't: then the browser may.
export async function decodeJpeg(bytes, atLeast) {
  compiled ??= load('vendor/jpeg-turbo.wasm').then((wasm) => WebAssembly.compile(wasm));
  compiled.catch(() => { compiled = null; });  // the next picture tries again
  const library = (await WebAssembly.instantiate(await compiled, {
    env: {setjmp: () => 0, longjmp: () => { throw new Error('jpeg'); }},
    wasi_snapshot_preview1: new Proxy({}, {get: () => () => 0})})).exports;
  try {
    return decode(library, bytes, atLeast);
  } catch {
    return null;
  }
}

// The instance is thrown away with all of its memory, so nothing has to be freed.
function decode(library, bytes, atLeast) {
  const input = library.malloc(bytes.length);
  new Uint8Array(library.memory.buffer, input, bytes.length).set(bytes);
  const handle = library.tjInitDecompress();
  const head = library.malloc(16);
  if (library.tjDecompressHeader3(handle, input, bytes.length, head, head + 4, head + 8, head + 12))
    return null;
  const [fullWidth, fullHeight] = new Uint32Array(library.memory.buffer, head, 2);
  const scale = SCALES.find((by) => by === 1
    || Math.min(Math.floor(fullWidth / atLeast), Math.floor(fullHeight / atLeast)) >= by);
  const width = Math.ceil(fullWidth / scale), height = Math.ceil(fullHeight / scale);
  const output = library.malloc(width * height * 3);
  if (library.tjDecompress2(handle, input, bytes.length, output, width, width * 3, height, RGB, 0))
    return null;
  const rgb = new Uint8Array(library.memory.buffer, output, width * height * 3).slice();
  return {rgb, width, height};
}
