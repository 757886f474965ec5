// The DWT-DCT watermark; the method and its sources are in ensemble/evidence/watermark.py.

import rule from '../rule.js';

const {STEP, BLOCK, MIN_PIXELS, MAX_PIXELS, BOUND, HIGHEST, BLUE, GREEN, RED, CHROMA, INVERSE,
       patterns: PATTERNS} = rule.watermark;

// The tool whose pattern a picture carries, empty if none, and the best pattern's score.
export function findWatermark({rgb, width, height}) {
  const pixels = width * height;
  if (pixels < MIN_PIXELS || pixels > MAX_PIXELS || Math.min(width, height) < BLOCK)
    return {tool: '', score: 0};
  const asSaved = approximation(rgb, width, height);
  const readings = new Map();
  let best = {tool: '', score: -Infinity};
  for (const colours of [asSaved, unsmoothed(asSaved)])
    for (const {tool, bits, offset, red_first: redFirst} of PATTERNS) {
      const settings = `${colours === asSaved} ${redFirst} ${offset}`;
      if (!readings.has(settings)) readings.set(settings, read(colours, redFirst, offset));
      const score = agreement(readings.get(settings), bits);
      if (score > best.score) best = {tool, score};
    }
  return best.score > BOUND ? best : {tool: '', score: best.score};
}

// Haar's approximation of each colour, of whole blocks.
function approximation(rgb, width, height) {
  const columns = Math.floor(width / BLOCK) * BLOCK / 2;
  const rows = Math.floor(height / BLOCK) * BLOCK / 2;
  const planes = [0, 1, 2].map((channel) => {
    const plane = new Float32Array(rows * columns);
    for (let y = 0, to = 0; y < rows; y++)
      for (let x = 0; x < columns; x++, to++) {
        const at = (2 * y * width + 2 * x) * 3 + channel, below = at + 3 * width;
        plane[to] = (rgb[at] + rgb[at + 3] + rgb[below] + rgb[below + 3]) / 2;
      }
    return plane;
  });
  return {planes, rows, columns};
}

// The approximation as it was before a JPEG decoder enlarged the colour channels.
function unsmoothed({planes, rows, columns}) {
  const [middle, near, far] = INVERSE;
  // Along lines of `length` values that lie `step` apart, which begin `next` apart.
  const filtered = (plane, lines, next, length, step) => {
    const result = new Float32Array(plane.length);
    const edge = (length - 1) * step;
    for (let line = 0; line < lines; line++) {
      const start = line * next;
      for (let at = 0; at <= edge; at += step)
        result[start + at] = middle * plane[start + at]
          + near * (plane[start + Math.max(at - step, 0)]
                    + plane[start + Math.min(at + step, edge)])
          + far * (plane[start + Math.max(at - 2 * step, 0)]
                   + plane[start + Math.min(at + 2 * step, edge)]);
    }
    return result;
  };
  return {rows, columns, planes: planes.map((plane) =>
    filtered(filtered(plane, columns, 1, rows, columns), rows, columns, columns, 1))};
}

// The reading of each block, from −1 to 1.
function read({planes, rows, columns}, redFirst, offset) {
  const [red, green, blue] = redFirst ? [...planes].reverse() : planes;
  const across = columns / 4;
  const largest = new Float32Array(rows / 4 * across);
  for (let y = 0, at = 0; y < rows; y++)
    for (let x = 0; x < columns; x++, at++) {
      if (y % 4 === 0 && x % 4 === 0) continue;  // the first of a block is left alone
      const u = CHROMA * (1 - BLUE) * blue[at] - CHROMA * GREEN * green[at]
        - CHROMA * RED * red[at];
      const block = (y >> 2) * across + (x >> 2);
      largest[block] = Math.max(largest[block], Math.abs(u + 2 * offset));
    }
  return largest.map((value) => -Math.sin(value * (2 * Math.PI / STEP)));
}

// The t statistic of the correlation between a pattern and the mean readings at its places.
function agreement(readings, pattern) {
  const length = pattern.length;
  if (readings.length < length) return 0;
  const sums = new Float64Array(length), counts = new Float64Array(length);
  for (let i = 0, place = 0; i < readings.length; i++, place = (place + 1) % length) {
    sums[place] += readings[i];
    counts[place] += 1;
  }
  const means = centred(sums.map((sum, i) => sum / counts[i]));
  const bits = centred(Float64Array.from(pattern));
  const norm = Math.sqrt(dot(means, means) * dot(bits, bits));
  const correlation = norm > 1e-9 ? dot(means, bits) / norm : 0;
  const spread = Math.sqrt(Math.max(1 - correlation ** 2, 0) / (length - 2));
  return Math.min(Math.max(correlation / Math.max(spread, 1e-9), -HIGHEST), HIGHEST);
}

const dot = (one, other) => one.reduce((sum, value, i) => sum + value * other[i], 0);

function centred(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}
