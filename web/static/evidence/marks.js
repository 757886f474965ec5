// Marks of generators in a picture's pixels; see ensemble/evidence/marks.py.

import rule from '../rule.js';
import {generator, note} from './claims.js';
import {readHidden} from './stealth.js';
import {findWatermark} from './watermark.js';

const given = rule.marks;

// Notes on a picture at the file's own size; `alpha` is null if it has none.
export async function readMarks({rgb, alpha, width, height}) {
  const picture = {rgb, width, height};
  const notes = [];
  const {tool, score} = findWatermark(picture);
  if (tool)
    notes.push(note('Pixels', 'mark_watermark', {tool, score: Math.round(score * 10) / 10}));
  for (const [name, isThere] of [['squares', hasSquares], ['sparkle', hasSparkle]])
    if (isThere(picture)) notes.push(note('Pixels', `mark_${name}`, {tool: given.tools[name]}));
  for (const [source, channels, values] of [['Alpha channel', alpha, 1], ['Pixels', rgb, 3]]) {
    const hidden = channels ? await readHidden(channels, width, height, values) : {};
    const claim = generator(source, hidden);
    if (claim) notes.push(claim);
  }
  return notes;
}

// DALL·E 2's squares in the lower right corner.
export function hasSquares({rgb, width, height}) {
  if (width < given.smallest || width > given.largest || height < given.square) return false;
  const side = width * given.square / given.largest;
  return given.squares.every((colour, place) => {
    const left = width - (place + 1) * side;
    const mean = meanColour(rgb, width, even(left + 0.25 * side), even(left + 0.75 * side),
                            even(height - 0.75 * side), even(height - 0.25 * side));
    return colour.every((level, channel) => Math.abs(mean[channel] - level) <= given.tolerance);
  });
}

// Python's rounding: halves to the even number.
const even = (value) => {
  const down = Math.floor(value);
  return value - down === 0.5 ? down + down % 2 : Math.round(value);
};

function meanColour(rgb, width, left, right, top, bottom) {
  const sums = [0, 0, 0];
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++)
      for (let channel = 0; channel < 3; channel++)
        sums[channel] += rgb[(y * width + x) * 3 + channel];
  return sums.map((sum) => sum / ((right - left) * (bottom - top)));
}

// Gemini's four-pointed star in the lower right corner.
export function hasSparkle({rgb, width, height}) {
  const [side, margin] = Math.min(width, height) > given.largeFrom ? given.large : given.small;
  if (Math.min(width, height) < 2 * (side + margin)) return false;
  const {star, surface} = sparkle(side);
  const light = star.map((_, i) => {
    const x = width - margin - side + i % side, y = height - margin - side + Math.floor(i / side);
    const at = (y * width + x) * 3;
    return (rgb[at] + rgb[at + 1] + rgb[at + 2]) / 3;
  });
  const around = [...star.keys()].filter((i) => star[i] < 0.02);
  const terms = leastSquares(around.map((i) => surface[i]), around.map((i) => light[i]));
  const without = light.map((value, i) => value - dot(surface[i], terms));
  const brighter = dot(without, star) / dot(star, star);
  const likeness = dot(without, star) / Math.sqrt(dot(without, without) * dot(star, star) + 1e-9);
  return likeness > given.likeness && brighter > given.brighter;
}

// The sparkle's opacity by pixel, and the terms of a quadratic surface there.
function sparkle(side, finer = 8) {
  const places = Array.from({length: side * finer}, (_, i) =>
    Math.abs((i + 0.5) / (side * finer) * 2 - 1) ** given.outline);
  const star = new Array(side * side).fill(0);
  places.forEach((down, y) => places.forEach((across, x) => {
    if (down + across <= 1)
      star[Math.floor(y / finer) * side + Math.floor(x / finer)] += 1 / finer ** 2;
  }));
  const surface = star.map((_, i) => {
    const x = i % side / side - 0.5, y = Math.floor(i / side) / side - 0.5;
    return [1, x, y, x * x, y * y, x * y];
  });
  return {star, surface};
}

// The factors with which the rows come nearest to the values: the normal equations, by elimination.
function leastSquares(rows, values) {
  const size = rows[0].length;
  const system = Array.from({length: size}, (_, i) => [
    ...Array.from({length: size}, (_, j) => rows.reduce((sum, row) => sum + row[i] * row[j], 0)),
    rows.reduce((sum, row, at) => sum + row[i] * values[at], 0)]);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      if (i === j) continue;
      const factor = system[j][i] / system[i][i];
      system[j] = system[j].map((value, k) => value - factor * system[i][k]);
    }
  return system.map((row, i) => row[size] / row[i]);
}

const dot = (one, other) => one.reduce((sum, value, i) => sum + value * other[i], 0);
