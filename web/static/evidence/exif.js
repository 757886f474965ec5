// EXIF: the tags of a TIFF structure; see ensemble/evidence/exif.py.

import rule from '../rule.js';
import {ascii, startsWith, utf8, view} from './bytes.js';

const {tags: TAGS, sizes: SIZES, maxValue, maxEntries} = rule.metadata;
const HEADER = ascii('Exif\0\0');
const ORIENTATION = 0x0112;

// Name of the tag → its bytes; `GPSLatitude` is empty, and there if the file has a place.
export function readTags(block) {
  const [outer, number] = directories(block);
  if (!outer) return {};
  const inner = (values, name) =>
    name in values ? directory(block, number(values[name]), number.little, TAGS) : {};
  const values = {...inner(outer, 'Exif'), ...outer};
  const place = inner(values, 'GPS');
  for (const name of ['Exif', 'GPS', 'GPSLatitude']) delete values[name];
  return 'GPSLatitude' in place ? {...values, GPSLatitude: new Uint8Array()} : values;
}

// 1 to 8: how a picture has to be turned and mirrored to be upright; null if nothing says so.
export function orientation(block) {
  const [values, number] = directories(block, {[ORIENTATION]: 'Orientation'});
  const value = values?.Orientation;
  return value?.length >= 2 ? number(value.subarray(0, 2)) : null;
}

// The text of a value; a comment names its encoding in its first eight bytes.
export function decoded(value) {
  if (startsWith(value, ascii('UNICODE\0'))) {
    const texts = ['utf-16be', 'utf-16le'].map(
      (name) => new TextDecoder(name, {ignoreBOM: true}).decode(value.subarray(8)));
    const letters = texts.map((text) => [...text].filter((letter) => letter < '\x80').length);
    return texts[letters[1] > letters[0] ? 1 : 0];
  }
  if (startsWith(value, ascii('ASCII\0\0\0')) || startsWith(value, new Uint8Array(8)))
    value = value.subarray(8);
  const end = value.indexOf(0);
  return utf8(end < 0 ? value : value.subarray(0, end));
}

function directories(block, wanted = TAGS) {
  if (startsWith(block, HEADER)) block = block.subarray(HEADER.length);
  const order = String.fromCharCode(...block.subarray(0, 2));
  if (!['II', 'MM'].includes(order) || block.length < 8) return [null];
  const little = order === 'II';
  const number = (value) => {
    const bytes = [...value.subarray(0, 4)];
    return (little ? bytes.reverse() : bytes).reduce((sum, byte) => sum * 256 + byte, 0);
  };
  number.little = little;
  return [directory(block, number(block.subarray(4, 8)), little, wanted), number];
}

function directory(block, start, little, wanted) {
  if (startsWith(block, HEADER)) block = block.subarray(HEADER.length);
  const values = {};
  const data = view(block);
  if (start + 2 > block.length) return values;
  const count = Math.min(data.getUint16(start, little), maxEntries);
  for (let at = start + 2; at < start + 2 + 12 * count && at + 12 <= block.length; at += 12) {
    const name = wanted[data.getUint16(at, little)];
    if (!name || name in values) continue;
    const size = data.getUint32(at + 4, little) * (SIZES[data.getUint16(at + 2, little)] ?? 0);
    const from = size <= 4 ? at + 8 : data.getUint32(at + 8, little);
    values[name] = block.subarray(from, from + Math.min(size, maxValue));
  }
  return values;
}
