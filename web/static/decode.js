// Untrusted bytes → pixels: upright, sRGB, over white; as ensemble/images.py does it.

import rule from './rule.js';
import {toSrgb} from './colours.js';
import {ImageError} from './errors.js';
import {ascii, latin1, startsWith, unpack, view} from './evidence/bytes.js';
import {orientation} from './evidence/exif.js';
import {isJpeg, isPng, isWebp, segments} from './evidence/metadata.js';
import {decodeJpeg} from './jpeg.js';

const {maxBytes, maxPixels, farPixels, minSide, flat, otherFiles} = rule.images;
const {maxSegments, maxScans} = rule.metadata;
const MAX_PROFILE = 2 ** 22;

export function checkBytes(length) {
  if (!length) throw new ImageError('empty');
  if (length > maxBytes)
    throw new ImageError('file_too_large', {megabytes: (length / 2 ** 20).toFixed(1),
                                            most: maxBytes / 2 ** 20});
}

// `blocks` are those of `readMetadata`. The result has `rgb`, three bytes a pixel, `alpha` or
// null, `width` and `height` of these, and the file's own, upright, as `full`.
export async function openPicture(bytes, blocks, atLeast) {
  const format = formatOf(bytes);
  if (format === 'JPEG' && repeatsItself(bytes)) throw new ImageError('repetitive');
  const size = sizeOf(bytes, format, blocks);
  if (size) checkPixels(size);
  const turned = ['AVIF', 'HEIF'].includes(format) ? 1 : turnOf(blocks);
  let picture = await decode(bytes, blocks, format, atLeast);
  checkPixels(picture);
  picture = upright(picture, turned);
  let full = {width: picture.width, height: picture.height};
  if (size && format === 'JPEG')
    full = turned > 4 ? {width: size.height, height: size.width} : size;
  return {...picture, full};
}

// Refuses a picture in which there is nothing to judge.
export function checkContent({rgb, width, height, full}) {
  if (Math.min(full.width, full.height) < minSide)
    throw new ImageError('too_few_pixels', {...full, least: minSide});
  const down = Math.ceil(height / 128), across = Math.ceil(width / 128);
  const spread = [0, 1, 2].map((channel) => {
    const levels = [];
    for (let y = 0; y < height; y += down)
      for (let x = 0; x < width; x += across) levels.push(rgb[(y * width + x) * 3 + channel]);
    const mean = levels.reduce((sum, level) => sum + level, 0) / levels.length;
    return Math.sqrt(levels.reduce((sum, level) => sum + (level - mean) ** 2, 0) / levels.length);
  });
  if (Math.max(...spread) < flat) throw new ImageError('flat');
}

function checkPixels({width, height}) {
  if (!width || !height) throw new ImageError('no_pixels', {width, height});
  if (width * height > farPixels)
    throw new ImageError('far_too_many_pixels', {megapixels: Math.floor(farPixels / 10 ** 6),
                                                 most: maxPixels / 10 ** 6});
  if (width * height > maxPixels)
    throw new ImageError('too_many_pixels', {width, height, most: maxPixels / 10 ** 6});
}

function formatOf(bytes) {
  if (isJpeg(bytes)) return 'JPEG';
  if (isPng(bytes)) return 'PNG';
  if (isWebp(bytes)) return 'WEBP';
  if (startsWith(bytes, ascii('GIF8'))) return 'GIF';
  if (startsWith(bytes, ascii('BM'))) return 'BMP';
  if ([[0x49, 0x49, 0x2a, 0], [0x4d, 0x4d, 0, 0x2a]].some((start) => startsWith(bytes, start)))
    return 'TIFF';
  if (startsWith(bytes, ascii('ftyp'), 4))
    return /avi[fs]/.test(latin1(bytes.subarray(8, 32))) ? 'AVIF' : 'HEIF';
  const text = latin1(bytes.subarray(0, 4096)).replace(/^(ï»¿)?[ \t\r\n]+/, '');
  const start = ascii(text.slice(0, 16));
  const other = otherFiles.find(([first]) => startsWith(start, first));
  const plain = /^[\x01-\x7f]*$/.test(text.slice(0, 512));
  throw new ImageError(other?.[1] ?? (plain ? 'text' : 'unknown_format'));
}

// Whether a JPEG has more parts than any camera or editor writes.
function repeatsItself(bytes) {
  let scans = 0, count = 0;
  for (const [marker] of segments(bytes, maxSegments, true)) {
    if (marker === 0xd9 && scans) return false;
    if (marker === 0xda && ++scans > maxScans) return true;
    count += 1;
  }
  return count === maxSegments;
}

// From the header, before anything is decoded; null where only the decoder knows.
function sizeOf(bytes, format, blocks) {
  const data = view(bytes);
  try {
    if (format === 'JPEG') {
      const frame = view(blocks.frame);
      return {width: frame.getUint16(4), height: frame.getUint16(2)};
    }
    if (format === 'PNG') return {width: data.getUint32(16), height: data.getUint32(20)};
    if (format === 'GIF') return {width: data.getUint16(6, true), height: data.getUint16(8, true)};
    if (format === 'BMP')
      return {width: data.getInt32(18, true), height: Math.abs(data.getInt32(22, true))};
  } catch { /* cut short: the decoder will say so */ }
  return null;
}

// As Pillow has it: from EXIF, else from XMP.
function turnOf({exif, xmp}) {
  const turned = exif ? orientation(exif) : null;
  const said = /tiff:Orientation(?:="|>)([0-9])/.exec(latin1(xmp ?? new Uint8Array()));
  return turned ?? Number(said?.[1] ?? 1);
}

async function decode(bytes, blocks, format, atLeast) {
  const grey = blocks.frame?.[6] === 1;
  const profile = format === 'PNG' && blocks.icc
    ? await unpack(blocks.icc.subarray(blocks.icc.indexOf(0) + 2), 'deflate', MAX_PROFILE)
    : blocks.icc;
  const picture = (format === 'JPEG' && await decodeJpeg(bytes, atLeast))
    || await byBrowser(bytes, blocks, format);
  if (profile) toSrgb(picture.rgb, profile, grey);
  return picture;
}

async function byBrowser(bytes, blocks, format) {
  const bitmap = await createImageBitmap(new Blob([withoutExif(bytes, blocks.exif, format)]),
                                         {colorSpaceConversion: 'none', premultiplyAlpha: 'none'})
    .catch(() => { throw new ImageError('damaged', {format}); });
  const {width, height} = bitmap;
  checkPixels(bitmap);
  const context = new OffscreenCanvas(width, height).getContext('2d', {willReadFrequently: true});
  context.drawImage(bitmap, 0, 0);
  let rgba = context.getImageData(0, 0, width, height).data;
  let alpha = new Uint8Array(width * height);
  let opaque = true;
  for (let i = 0; i < alpha.length; i++) {
    alpha[i] = rgba[4 * i + 3];
    opaque &&= alpha[i] === 255;
  }
  if (opaque) alpha = null;
  else {
    context.globalCompositeOperation = 'destination-over';
    context.fillStyle = 'white';
    context.fillRect(0, 0, width, height);
    rgba = context.getImageData(0, 0, width, height).data;
  }
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from];
    rgb[to + 1] = rgba[from + 1];
    rgb[to + 2] = rgba[from + 2];
  }
  return {rgb, alpha, width, height};
}

// Browsers differ in where they obey an orientation: it is taken out, and obeyed here.
function withoutExif(bytes, exif, format) {
  if (exif?.buffer !== bytes.buffer || !['JPEG', 'PNG', 'WEBP'].includes(format)) return bytes;
  const start = exif.byteOffset - bytes.byteOffset;
  if (format === 'PNG')
    return new Blob([bytes.subarray(0, start - 8), bytes.subarray(start + exif.length + 4)]);
  const copy = bytes.slice();
  copy[format === 'JPEG' ? start : start - 8] ^= 0x20;  // a name that nobody knows
  return copy;
}

// 2 to 8 as EXIF numbers them.
function upright(picture, turned) {
  if (!(turned >= 2 && turned <= 8)) return picture;
  const {width, height} = picture;
  const swapped = turned > 4;
  const mirrored = [2, 3, 7, 8].includes(turned), flipped = [3, 4, 6, 7].includes(turned);
  const [newWidth, newHeight] = swapped ? [height, width] : [width, height];
  const turn = (channels, values) => {
    const result = new Uint8Array(channels.length);
    for (let y = 0, to = 0; y < newHeight; y++)
      for (let x = 0; x < newWidth; x++) {
        let column = swapped ? y : x, row = swapped ? x : y;
        if (mirrored) column = width - 1 - column;
        if (flipped) row = height - 1 - row;
        const from = (row * width + column) * values;
        for (let i = 0; i < values; i++) result[to++] = channels[from + i];
      }
    return result;
  };
  return {rgb: turn(picture.rgb, 3), alpha: picture.alpha && turn(picture.alpha, 1),
          width: newWidth, height: newHeight};
}
