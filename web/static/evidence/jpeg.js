// How a JPEG was saved, from its tables and its frame; see ensemble/evidence/metadata.py.

import rule from '../rule.js';

const {standard, samplings} = rule.metadata;

// Number → the 64 values of the quantization tables in a DQT segment.
export function tablesOf(body) {
  const tables = {};
  while (body.length > 64) {
    const wide = body[0] >> 4;
    const both = wide && body.length > 128;
    tables[body[0] & 15] = Array.from({length: 64}, (_, i) =>
      both ? body[1 + 2 * i] * 256 + body[2 + 2 * i] : body[1 + i]);
    body = body.subarray(1 + (wide ? 128 : 64));
  }
  return tables;
}

// `frame` is the marker of the start of frame, and the segment's body behind it.
export function savedAs(tables, frame) {
  const parts = Array.from({length: frame[6] ?? 0},
                           (_, i) => frame.subarray(7 + 3 * i, 10 + 3 * i));
  const used = parts.map((part) => tables[part[2]]);
  if (!used.length || used.some((table, i) => !table || parts[i].length < 3)) return {};
  const same = (one, other) => one.every((value, i) => value === other[i]);
  const qualities = Array.from({length: 100}, (_, i) => [i + 1, standard.map(
    (table) => scaled(table, i + 1))]);
  const exact = qualities.find(([, [luma, chroma]]) => same(used[0], luma)
    && used.slice(1).every((table) => same(table, luma) || same(table, chroma)))?.[0];
  const sum = (table) => table.reduce((total, value) => total + value, 0);
  const distance = ([, [luma]]) => Math.abs(sum(luma) - sum(used[0]));
  const nearest = qualities.reduce((best, next) => distance(next) < distance(best) ? next : best);
  const [luma, chroma] = [parts[0], parts[Math.min(1, parts.length - 1)]].map(
    (part) => [part[1] >> 4, part[1] & 15]);
  const [across, down] = luma.map((factor, i) => factor / Math.max(chroma[i], 1));
  return {
    quality: exact ?? nearest[0], tables: exact ? 'standard' : 'own',
    subsampling: parts.length === 1 ? '4:0:0'
      : samplings[`${across},${down}`] ?? `${short(across)} × ${short(down)}`,
    progressive: [0xc2, 0xc6, 0xca, 0xce].includes(frame[0])};
}

// libjpeg's table of a quality, from the standard's own.
function scaled(table, quality) {
  const factor = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return table.map((value) =>
    Math.min(Math.max(Math.floor((value * factor + 50) / 100), 1), 255));
}

const short = (number) => String(Number(number.toPrecision(6)));
