// An ICC profile of curves and a matrix → sRGB, as littleCMS does it for Pillow.

import {latin1, view} from './evidence/bytes.js';

// XYZ under D50 → linear sRGB: of the primaries of Rec. 709, adapted from D65 by Bradford's matrix.
const FROM_XYZ = [[3.134186364, -1.617208959, -0.490694064],
                  [-0.978748504, 1.916130097, 0.033433399],
                  [0.071963928, -0.228993873, 1.405753733]];
const ONE = 2 ** 14;  // linear light and the matrix are whole numbers, as in littleCMS for 8 bits

// Changes the pixels. False if the profile is of another kind, for which they stay what they are.
export function toSrgb(rgb, profile, grey) {
  const tags = readTags(profile);
  const space = latin1(profile.subarray(16, 20));
  const lines = grey ? [curve(tags.kTRC)] : ['rTRC', 'gTRC', 'bTRC'].map((name) => curve(tags[name]));
  if (tags.A2B0 || space !== (grey ? 'GRAY' : 'RGB ') || lines.includes(null)) return false;
  const light = lines.map((line) => Int32Array.from(
    {length: 256}, (_, i) => Math.floor(ONE * line(i / 255) + 0.5)));
  const levels = Uint8Array.from({length: ONE + 1}, (_, i) => eightBits(encoded(i / ONE)));
  const level = (value) => levels[Math.min(Math.max(value, 0), ONE)];
  if (grey) {
    rgb.forEach((value, i) => { rgb[i] = level(light[0][value]); });
    return true;
  }
  const columns = ['rXYZ', 'gXYZ', 'bXYZ'].map((name) => xyz(tags[name]));
  const [red, green, blue] = columns.map((column) => FROM_XYZ.map((row) => Math.floor(
    ONE * row.reduce((sum, factor, i) => sum + factor * column[i], 0) + 0.5)));
  for (let at = 0; at < rgb.length; at += 3) {
    const r = light[0][rgb[at]], g = light[1][rgb[at + 1]], b = light[2][rgb[at + 2]];
    for (let channel = 0; channel < 3; channel++)
      rgb[at + channel] = level(
        Math.floor((r * red[channel] + g * green[channel] + b * blue[channel] + ONE / 2) / ONE));
  }
  return true;
}

// Through 16 bits, as littleCMS rounds.
const eightBits = (value) =>
  Math.floor((Math.floor(value * 65535 + 0.5) * 65281 + 2 ** 23) / 2 ** 24);

// The black of the perceptual tables of ICC's version 4, which littleCMS makes black and browsers
// don't; measured in light, it is nearly the same for each colour.
const BLACK = 0.00348;

export function blacken(rgb, profile) {
  if (profile[8] < 4) return;
  const levels = Uint8Array.from({length: 256}, (_, i) => Math.round(
    255 * encoded(Math.max((decoded(i / 255) - BLACK) / (1 - BLACK), 0))));
  rgb.forEach((value, i) => { rgb[i] = levels[value]; });
}

const decoded = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const encoded = (value) =>
  value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;

function readTags(profile) {
  const data = view(profile);
  const tags = {};
  if (profile.length < 132) return tags;
  const count = Math.min(data.getUint32(128), 100);
  for (let at = 132; at < 132 + 12 * count && at + 12 <= profile.length; at += 12) {
    const start = data.getUint32(at + 4);
    const name = latin1(profile.subarray(at, at + 4));
    tags[name] = profile.subarray(start, start + data.getUint32(at + 8));
  }
  return tags;
}

const fixed = (data, at) => data.getInt32(at) / 65536;
const xyz = (tag) => [8, 12, 16].map((at) => fixed(view(tag), at));

// A function of a curve's tag, from 0 … 1 to 0 … 1; null if there is none.
function curve(tag) {
  if (!tag || tag.length < 12) return null;
  const data = view(tag);
  const type = latin1(tag.subarray(0, 4));
  if (type === 'curv') {
    const count = data.getUint32(8);
    if (count === 0) return (value) => value;
    if (count === 1) return (value) => value ** (data.getUint16(12) / 256);
    return (value) => {
      const place = value * (count - 1), low = Math.floor(place), high = Math.ceil(place);
      const [below, above] = [low, high].map((i) => data.getUint16(12 + 2 * i) / 65535);
      return below + (above - below) * (place - low);
    };
  }
  if (type !== 'para') return null;
  const form = data.getUint16(8);
  const count = [1, 3, 4, 5, 7][form];
  if (!count) return null;
  const [gamma, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] =
    Array.from({length: count}, (_, i) => fixed(data, 12 + 4 * i));
  if (form < 3) {  // y = (ax + b)^g + c from −b/a on, below it c
    return (value) => value >= -b / a ? (a * value + b) ** gamma + c : c;
  }
  return (value) => value >= d ? (a * value + b) ** gamma + e : c * value + f;
}
