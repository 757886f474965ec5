// An ICC profile of tables → sRGB, as littleCMS does it for Pillow: the whole way is computed for a
// grid of colours, and what lies between is interpolated. Some cameras' and phones' files have one.

import {latin1, view} from './evidence/bytes.js';
import {curve, encoded, fromXyz} from './light.js';

const NODES = 33;
const RAMP = 4096, EDGE = Math.floor(RAMP * 0.02 + 0.5);
const WHITE = [0.9642, 1, 0.8249];
const BLACK = [0.00336, 0.0034731, 0.00287];  // of perceptual tables of version 4, which is made 0

// Changes the pixels; `tag` is the profile's A2B0.
export function throughTables(rgb, profile, tag) {
  const colour = colourOf(profile, tag);
  const ramps = profile[8] < 4 ? greys(colour) : [0, 1, 2].map(() => null);
  const axes = ramps.map((ramp) => Float64Array.from({length: NODES}, (_, i) =>
    ramp ? inverse(ramp, i / (NODES - 1)) : i / (NODES - 1)));
  const grid = new Float64Array(NODES ** 3 * 3);
  let at = 0;
  for (const red of axes[0])
    for (const green of axes[1])
      for (const blue of axes[2]) {
        grid.set(colour([red, green, blue]), at);
        at += 3;
      }
  const places = ramps.map((ramp) => Float64Array.from({length: 256}, (_, value) =>
    ramp ? between(ramp, value / 255) : value / 255));
  const sizes = [NODES, NODES, NODES];
  const place = [0, 0, 0], levels = [0, 0, 0];
  for (let i = 0; i < rgb.length; i += 3) {
    for (let channel = 0; channel < 3; channel++)
      place[channel] = places[channel][rgb[i + channel]];
    tetrahedral(grid, sizes, place, levels);
    for (let channel = 0; channel < 3; channel++)
      rgb[i + channel] = Math.floor(255 * levels[channel] + 0.5);
  }
}

// The levels of the greys, from black to white, straight near both ends.
function greys(colour) {
  const ramps = [0, 1, 2].map(() => new Float64Array(RAMP));
  for (let i = 0; i < RAMP; i++)
    colour(Array(3).fill(i / (RAMP - 1))).forEach((level, channel) => {
      ramps[channel][i] = level;
    });
  for (const ramp of ramps) {
    const last = RAMP - EDGE - 1, top = ramp[last];
    for (let i = 0; i < EDGE; i++) {
      ramp[i] = ramp[EDGE] * i / EDGE;
      ramp[RAMP - 1 - i] = top + (1 - top) * (EDGE - i) / EDGE;
    }
  }
  return ramps;
}

function between(values, place) {
  const at = place * (values.length - 1), low = Math.floor(at);
  return values[low] + (values[Math.ceil(at)] - values[low]) * (at - low);
}

function inverse(ramp, level) {
  let low = 0, high = ramp.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (ramp[middle] <= level) low = middle;
    else high = middle;
  }
  const rise = ramp[high] - ramp[low];
  const part = rise > 0 ? Math.min(Math.max((level - ramp[low]) / rise, 0), 1) : 0;
  return (low + part) / (ramp.length - 1);
}

// Between the corners of a cell, along its edges, the largest part first.
function tetrahedral(grid, sizes, place, result = [0, 0, 0]) {
  let at = 0, step = 3;
  for (let axis = 2; axis >= 0; axis--) {
    const position = place[axis] * (sizes[axis] - 1);
    const low = Math.min(Math.floor(position), sizes[axis] - 2);
    at += low * step;
    let to = 2 - axis;
    for (; to > 0 && parts[to - 1] <= position - low; to--) {
      parts[to] = parts[to - 1];
      moves[to] = moves[to - 1];
    }
    parts[to] = position - low;
    moves[to] = step;
    step *= sizes[axis];
  }
  for (let channel = 0; channel < 3; channel++) result[channel] = grid[at + channel];
  for (let i = 0; i < 3; i++) {
    const next = at + moves[i];
    for (let channel = 0; channel < 3; channel++)
      result[channel] += parts[i] * (grid[next + channel] - grid[at + channel]);
    at = next;
  }
  return result;
}

// Of the three axes, the largest part first: how far into a cell, and the step in the grid.
const parts = new Float64Array(3), moves = new Int32Array(3);

const clipped = (value) => Math.min(Math.max(value, 0), 1);

// A function of a colour of the profile, each of three values from 0 to 1, to sRGB's levels.
function colourOf(profile, tag) {
  const type = latin1(tag.subarray(0, 4));
  const stages = type === 'mAB ' ? newer(tag) : older(tag, type === 'mft2');
  const lab = latin1(profile.subarray(20, 24)) === 'Lab ';
  const top = type === 'mft2' ? 65535 / 65280 : 1;  // older tables end white a little below 1
  return (colour) => {
    for (const stage of stages) colour = stage(colour);
    let light = lab ? fromLab(colour, top) : colour.map((value) => value * (1 + 32767 / 32768));
    if (profile[8] >= 4)
      light = light.map((value, i) => (value - BLACK[i]) * WHITE[i] / (WHITE[i] - BLACK[i]));
    return fromXyz(light).map((value) => encoded(clipped(value)));
  };
}

function fromLab([l, a, b], top) {
  const wide = top > 1 ? 65535 / 256 : 255;
  const middle = (100 * l * top + 16) / 116;
  const roots = [middle + (a * wide - 128) / 500, middle, middle - (b * wide - 128) / 200];
  return roots.map((root, i) => WHITE[i] * (
    root > 24 / 116 ? root ** 3 : 108 / 841 * (root - 16 / 116)));
}

// Version 2: curves, a grid, curves; of 16 or of 8 bits.
function older(tag, wide) {
  const data = view(tag), nodes = tag[10];
  const [entries, exits] = wide ? [data.getUint16(48), data.getUint16(50)] : [256, 256];
  let at = wide ? 52 : 48;
  const take = (count) => Float64Array.from({length: count}, () => {
    at += wide ? 2 : 1;
    return wide ? data.getUint16(at - 2) / 65535 : data.getUint8(at - 1) / 255;
  });
  const lines = (count) => [0, 1, 2].map(() => take(count));
  const before = lines(entries), grid = take(nodes ** 3 * 3), after = lines(exits);
  const through = (curves) => (colour) => colour.map((value, i) => between(curves[i], value));
  return [through(before), (colour) => tetrahedral(grid, [nodes, nodes, nodes], colour),
          through(after)];
}

// Version 4: up to three sets of curves, a grid and a matrix, each where the tag says.
function newer(tag) {
  const data = view(tag);
  const [last, matrix, middle, table, first] = [12, 16, 20, 24, 28].map((at) => data.getUint32(at));
  const stages = [];
  const through = (start) => {
    const curves = [0, 1, 2].map(() => {
      const [line, length] = curve(tag.subarray(start));
      start += Math.ceil(length / 4) * 4;
      return line;
    });
    stages.push((colour) => colour.map((value, i) => clipped(curves[i](clipped(value)))));
  };
  if (first) through(first);
  if (table) {
    const sizes = [...tag.subarray(table, table + 3)], wide = tag[table + 16] === 2;
    const grid = Float64Array.from({length: sizes[0] * sizes[1] * sizes[2] * 3}, (_, i) => wide
      ? data.getUint16(table + 20 + 2 * i) / 65535 : data.getUint8(table + 20 + i) / 255);
    stages.push((colour) => tetrahedral(grid, sizes, colour));
  }
  if (middle) through(middle);
  if (matrix) {
    const factors = Array.from({length: 12}, (_, i) => data.getInt32(matrix + 4 * i) / 65536);
    stages.push(([x, y, z]) => [0, 1, 2].map((row) => factors[3 * row] * x
      + factors[3 * row + 1] * y + factors[3 * row + 2] * z + factors[9 + row]));
  }
  if (last) through(last);
  return stages;
}
