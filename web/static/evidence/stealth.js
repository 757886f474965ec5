// Notes hidden in the lowest bits of pixels; see ensemble/evidence/stealth.py.

import rule from '../rule.js';
import {latin1, unpack, utf8} from './bytes.js';

const {words: WORDS, maxBits, maxText} = rule.stealth;
const HEAD = 15 + 4;  // bytes: a word, and how many bits follow

// Texts by keyword; `channels` has so many values a pixel.
export async function readHidden(channels, width, height, values) {
  const bytesAt = (start, count) => Uint8Array.from({length: count}, (_, i) => {
    let byte = 0;
    for (let bit = 8 * (start + i); bit < 8 * (start + i + 1); bit++) {
      const pixel = Math.floor(bit / values);  // column by column
      const at = (pixel % height * width + Math.floor(pixel / height)) * values + bit % values;
      byte = byte * 2 + (channels[at] & 1);
    }
    return byte;
  });
  if (channels.length < 8 * HEAD) return {};
  const head = bytesAt(0, HEAD);
  const word = latin1(head.subarray(0, 15));
  if (!(word in WORDS)) return {};
  const count = new DataView(head.buffer).getUint32(15);
  if (count < 1 || count > Math.min(maxBits, channels.length - 8 * HEAD)) return {};
  let body = bytesAt(HEAD, Math.ceil(count / 8));
  if (WORDS[word]) body = await unpack(body, 'gzip', maxText);
  return body.length ? texts(utf8(body.subarray(0, maxText))) : {};
}

// NovelAI's JSON has several texts; web UIs write a single one.
function texts(text) {
  let parsed = null;
  try {
    parsed = JSON.parse(text);
  } catch { /* no JSON */ }
  if (!parsed || typeof parsed !== 'object' || Array.isArray(parsed)) return {parameters: text};
  return Object.fromEntries(Object.entries(parsed).map(
    ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]));
}
