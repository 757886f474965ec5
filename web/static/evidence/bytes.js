// Untrusted bytes: search, text and unpacking, each with a limit.

// One character a byte, so that ASCII can be looked for; bytes from 128 on become other characters.
export const latin1 = (bytes) => new TextDecoder('windows-1252').decode(bytes);
export const utf8 = (bytes) => new TextDecoder('utf-8', {ignoreBOM: true}).decode(bytes);
export const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

export const startsWith = (bytes, start, at = 0) =>
  start.every((byte, i) => bytes[at + i] === byte);

export function find(bytes, wanted, from = 0) {
  for (let at = bytes.indexOf(wanted[0], from); at >= 0; at = bytes.indexOf(wanted[0], at + 1))
    if (startsWith(bytes, wanted, at)) return at;
  return -1;
}

export const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

// Unpacks 'deflate' (zlib) or 'gzip', at most so many bytes; of damaged data, what came before.
export async function unpack(bytes, format, most) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format));
  const reader = stream.getReader();
  const parts = [];
  let length = 0;
  try {
    while (length < most) {
      const {done, value} = await reader.read();
      if (done) break;
      parts.push(value);
      length += value.length;
    }
  } catch { /* damaged, cut short, or something behind its end */ }
  reader.cancel().catch(() => {});
  return new Uint8Array(await new Blob(parts).arrayBuffer()).subarray(0, most);
}
