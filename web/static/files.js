// The files of the packs and of the runtime: fetched once, counted while they come, unpacked here,
// for hosts differ in what they pack.

export const RUNTIME = 'vendor/ort-wasm-simd-threaded.wasm.gz';
export const LIBRARY = 'vendor/c2pa_bg.wasm.gz';  // for Content Credentials
const GZIP = [0x1f, 0x8b];

// `arrived` is told the bytes of each part.
export async function load(name, arrived = () => {}) {
  const response = await fetch(new URL(name, import.meta.url));
  if (!response.ok) throw new Error(`${name}: status ${response.status}`);
  const counted = response.body.pipeThrough(new TransformStream({
    transform(part, controller) {
      arrived(part.length);
      controller.enqueue(part);
    }}));
  const bytes = new Uint8Array(await new Response(counted).arrayBuffer());
  if (!GZIP.every((byte, i) => bytes[i] === byte)) return bytes;
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}
