// What an image file holds besides its pixels; see ensemble/evidence/metadata.py.

import rule from '../rule.js';
import {ascii, find, latin1, startsWith, unpack, utf8, view} from './bytes.js';
import {decoded, readTags} from './exif.js';
import {savedAs, tablesOf} from './jpeg.js';

const {keywords, shown, xmp: XMP, resource: RESOURCE, maxText, maxParts, maxNotes, maxSegments} =
  rule.metadata;
const PNG = [0x89, ...ascii('PNG\r\n\x1a\n')];
const EXIF = ascii('Exif\0\0');
const XMP_SEGMENT = ascii('http://ns.adobe.com/xap/1.0/\0');
const ICC = ascii('ICC_PROFILE\0');
const PROFILE = 'Raw profile type ';  // ImageMagick's: name, length, then hexadecimal digits

// `text`, `exif` and `xmp` by name, `jpeg`, `samsung`, and `blocks` with the bytes of `exif` and
// `icc` for whoever decodes the picture.
export async function readMetadata(bytes) {
  const blocks = await readBlocks(bytes);
  const tags = readTags(blocks.exif ?? new Uint8Array());
  const xmp = readXmp(utf8((blocks.xmp ?? tags.XMP ?? new Uint8Array()).subarray(0, maxText)));
  const credit = blocks.iptc && readCredit(blocks.iptc);
  if (credit && !('Credit' in xmp)) xmp.Credit = credit;
  const exif = Object.entries(tags).filter(([name]) => shown.includes(name))
    .map(([name, value]) => [name, decoded(value)]);
  return {text: blocks.text ?? {}, exif: Object.fromEntries(exif), xmp, jpeg: blocks.jpeg ?? {},
          samsung: readSamsung(bytes), blocks};
}

export const isJpeg = (bytes) => startsWith(bytes, [0xff, 0xd8]);
export const isPng = (bytes) => startsWith(bytes, PNG);
export const isWebp = (bytes) =>
  startsWith(bytes, ascii('RIFF')) && startsWith(bytes, ascii('WEBP'), 8);

export async function readBlocks(bytes) {
  if (isJpeg(bytes)) return jpegBlocks(bytes);
  if (isPng(bytes)) return pngBlocks(bytes);
  if (isWebp(bytes)) return webpBlocks(bytes);
  return otherBlocks(bytes);
}

// Marker and body of a JPEG's segments, with its scans where they are wanted.
export function* segments(bytes, most = maxSegments, scans = false) {
  let at = 2;
  for (let i = 0; i < most; i++) {
    for (;; at++) {
      at = bytes.indexOf(0xff, at);
      if (at < 0 || at + 1 >= bytes.length) return;
      const marker = bytes[at + 1];
      if (marker === 0xd9) break;
      const known = (marker >= 0xc0 && marker <= 0xcf) || (marker >= 0xda && marker <= 0xfe);
      if (known && at + 4 <= bytes.length) break;
    }
    const marker = bytes[at + 1];
    if (!scans && (marker === 0xd9 || marker === 0xda)) return;
    if (marker === 0xd9) {
      yield [marker, new Uint8Array()];
      at += 2;
      continue;
    }
    const start = at + 4;
    at = start + Math.max(bytes[at + 2] * 256 + bytes[at + 3] - 2, 0);
    yield [marker, bytes.subarray(start, at)];
  }
}

function jpegBlocks(bytes) {
  const blocks = {};
  const tables = {};
  const profile = [];
  let frame = new Uint8Array();
  for (const [marker, body] of segments(bytes)) {
    if (marker === 0xe1 && startsWith(body, EXIF)) blocks.exif ??= body;
    else if (marker === 0xe1 && startsWith(body, XMP_SEGMENT))
      blocks.xmp ??= body.subarray(XMP_SEGMENT.length);
    else if (marker === 0xe2 && startsWith(body, ICC)) profile[body[12]] = body.subarray(14);
    else if (marker === 0xed) blocks.iptc ??= body;
    else if (marker === 0xdb) Object.assign(tables, tablesOf(body));
    else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      frame = Uint8Array.from([marker, ...body]);
  }
  if (profile.length)
    blocks.icc = Uint8Array.from(profile.flatMap((part) => part ? [...part] : []));
  return {...blocks, jpeg: savedAs(tables, frame), frame};
}

async function pngBlocks(bytes) {
  const blocks = {};
  const text = {};
  for (const [name, body] of chunks(bytes, PNG.length, true)) {
    if (name === 'eXIf') blocks.exif ??= body;
    else if (name === 'iCCP') blocks.icc ??= body;
    else if (['tEXt', 'zTXt', 'iTXt'].includes(name)) {
      const keyword = latin1(body.subarray(0, 80)).split('\0')[0];
      if (keywords.includes(keyword) && !(keyword in text))
        text[keyword] = await pngText(name, body.subarray(keyword.length + 1));
    }
  }
  const packet = text['XML:com.adobe.xmp'];
  delete text['XML:com.adobe.xmp'];
  if (packet) blocks.xmp = new TextEncoder().encode(packet);
  for (const name of ['exif', 'APP1', 'xmp', 'iptc']) {
    const digits = (text[PROFILE + name] ?? '').split('\n').slice(3).join('').replace(/\s/g, '');
    delete text[PROFILE + name];
    if (!digits || digits.length % 2 || /[^0-9a-f]/i.test(digits)) continue;
    const profile = Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
    let block = {exif: 'exif', APP1: 'exif'}[name] ?? name;
    if (block === 'exif' && !startsWith(profile, EXIF)) block = 'xmp';
    const at = find(profile, ascii('xap/1.0/\0'));
    blocks[block] ??= at < 0 ? profile : profile.subarray(at + 9);
  }
  return {...blocks, text};
}

function webpBlocks(bytes) {
  const names = {'EXIF': 'exif', 'XMP ': 'xmp', 'ICCP': 'icc'};
  const blocks = {};
  for (const [name, body] of chunks(bytes, 12, false))
    if (name in names) blocks[names[name]] ??= body;
  return blocks;
}

// AVIF, HEIC and GIF keep both in one piece, wherever that is.
function otherBlocks(bytes) {
  const blocks = {};
  const tiff = [[0x49, 0x49, 0x2a, 0], [0x4d, 0x4d, 0, 0x2a]];
  if (tiff.some((start) => startsWith(bytes, start))) return {exif: bytes};
  const exif = find(bytes, EXIF);
  if (exif >= 0) blocks.exif = bytes.subarray(exif);
  const start = find(bytes, ascii('<x:xmpmeta'));
  const end = find(bytes, ascii('</x:xmpmeta>'), Math.max(start, 0));
  if (start >= 0 && end > start) blocks.xmp = bytes.subarray(start, end + 12);
  return blocks;
}

export function* chunks(bytes, at, png) {
  const data = view(bytes);
  for (let i = 0; i < maxParts && at + 8 <= bytes.length; i++) {
    const length = png ? data.getUint32(at) : data.getUint32(at + 4, true);
    const name = latin1(png ? bytes.subarray(at + 4, at + 8) : bytes.subarray(at, at + 4));
    yield [name, bytes.subarray(at + 8, at + 8 + length)];
    at += 8 + length + (png ? 4 : length % 2);  // a checksum, or padding to even lengths
  }
}

async function pngText(type, body) {
  let packed = type === 'zTXt';
  if (packed) body = body.subarray(1);
  else if (type === 'iTXt') {
    packed = body[0] === 1;
    body = body.subarray(2);
    for (let i = 0; i < 2; i++)  // language and translated keyword
      body = body.includes(0) ? body.subarray(body.indexOf(0) + 1) : new Uint8Array();
  }
  if (packed) body = await unpack(body, 'deflate', maxText);
  body = body.subarray(0, maxText);
  if (type === 'iTXt') return utf8(body);
  return Array.from(body, (byte) => String.fromCharCode(byte)).join('');
}

// The values of `XMP` in a packet, as attributes or elements; empty if it can't be parsed.
function readXmp(packet) {
  const values = {};
  packet = packet.replace(/^[\0\s\ufeff]+|[\0\s]+$/g, '');
  if (!packet || packet.includes('<!DOCTYPE')) return values;
  const root = new DOMParser().parseFromString(packet, 'application/xml');
  if (root.querySelector('parsererror')) return values;
  const full = (node) => `{${node.namespaceURI}}${node.localName}`;
  for (const element of root.getElementsByTagName('*')) {
    const attributes = Object.fromEntries(
      [...element.attributes].map((attribute) => [full(attribute), attribute.value]));
    for (const name of [full(element), ...Object.keys(attributes)])
      if (name in XMP && !(XMP[name] in values))
        values[XMP[name]] = (attributes[name in attributes ? name : RESOURCE]
                             || element.textContent).trim();
  }
  return values;
}

// The credit line in IPTC's older records (IIM 2:110).
function readCredit(records) {
  const at = find(records, [0x1c, 0x02, 0x6e]);
  if (at < 0 || records[at + 3] > 0x7f || at + 5 > records.length) return '';
  const length = records[at + 3] * 256 + records[at + 4];
  return utf8(records.subarray(at + 5, at + 5 + length));
}

// The kind of AI in the notes that Samsung's gallery leaves behind the picture's end.
function readSamsung(bytes) {
  const start = latin1(bytes).lastIndexOf('PhotoEditor_Re_Edit_Data');
  if (start < 0) return 0;
  const notes = latin1(bytes.subarray(start, start + maxNotes));
  return Number(/"genAIType"\s{0,9}:\s{0,9}(\d{1,6})\b/.exec(notes)?.[1] ?? 0);
}
