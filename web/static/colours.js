// An ICC profile's colours → sRGB, as littleCMS does it for Pillow.

import {latin1, view} from './evidence/bytes.js';
import {curve, encoded, fixed, fromXyz} from './light.js';
import {throughTables} from './tables.js';

const ONE = 2 ** 14;  // light and the matrix are whole numbers, as in littleCMS for 8 bits

// Changes the pixels; a profile that is broken or unfit for the picture changes nothing.
export function toSrgb(rgb, profile, grey) {
  try {
    const tags = readTags(profile);
    if (latin1(profile.subarray(16, 20)) !== (grey ? 'GRAY' : 'RGB ')) return;
    if (tags.A2B0) throughTables(rgb, profile, tags.A2B0);
    else if (grey) throughCurve(rgb, tags.kTRC);
    else throughMatrix(rgb, tags);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
  }
}

function throughCurve(rgb, tag) {
  const [light] = steps([tag]);
  rgb.forEach((value, i) => { rgb[i] = level(light[value]); });
}

function throughMatrix(rgb, tags) {
  const light = steps([tags.rTRC, tags.gTRC, tags.bTRC]);
  const [red, green, blue] = ['rXYZ', 'gXYZ', 'bXYZ'].map((name) => {
    const data = view(tags[name]);
    return fromXyz([8, 12, 16].map((at) => fixed(data, at))).map(
      (factor) => Math.floor(ONE * factor + 0.5));
  });
  for (let at = 0; at < rgb.length; at += 3) {
    const r = light[0][rgb[at]], g = light[1][rgb[at + 1]], b = light[2][rgb[at + 2]];
    for (let channel = 0; channel < 3; channel++)
      rgb[at + channel] = level(
        Math.floor((r * red[channel] + g * green[channel] + b * blue[channel] + ONE / 2) / ONE));
  }
}

const steps = (tags) => tags.map((tag) => {
  const [line] = curve(tag);
  return Int32Array.from({length: 256}, (_, i) => Math.floor(ONE * line(i / 255) + 0.5));
});

// Through 16 bits, as littleCMS rounds.
const LEVELS = Uint8Array.from({length: ONE + 1}, (_, i) =>
  Math.floor((Math.floor(encoded(i / ONE) * 65535 + 0.5) * 65281 + 2 ** 23) / 2 ** 24));
const level = (value) => LEVELS[Math.min(Math.max(value, 0), ONE)];

function readTags(profile) {
  const data = view(profile);
  const tags = {};
  const count = Math.min(data.getUint32(128), 100);
  for (let at = 132; at < 132 + 12 * count && at + 12 <= profile.length; at += 12) {
    const start = data.getUint32(at + 4);
    const name = latin1(profile.subarray(at, at + 4));
    tags[name] = profile.subarray(start, start + data.getUint32(at + 8));
  }
  return tags;
}
