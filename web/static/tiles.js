// A picture → what the members see of it: the whole, reduced, and where the pack's manifest has a
// `grid`, tiles of the centre square at the picture's own size.

import {reduce, resize} from './resize.js';
import rule from './rule.js';

// Larger pictures are halved for their tiles as long as the shorter side stays this long.
const OWN_SIDE = rule.images.ownSide;

// The pixels, and the shape in which the members of a pack take them.
export function tilesOf(picture, {input_size: size, resize: filter, grid}) {
  const whole = fitSquare(picture, size, filter);
  if (!grid) return {pixels: whole, shape: [1, size, size, 3]};
  const square = centreSquare(picture, size, filter);
  const starts = Array.from({length: grid}, (_, i) =>
    even(grid > 1 ? i * (square.width - size) / (grid - 1) : 0));
  const tiles = starts.flatMap((top) => starts.map((left) => crop(square, left, top, size)));
  const pixels = new Uint8Array(whole.length * (1 + tiles.length));
  [whole, ...tiles].forEach((tile, i) => pixels.set(tile, i * whole.length));
  return {pixels, shape: [1, 1 + tiles.length, size, size, 3]};
}

// The centre square at the members' size; a picture that already has it passes untouched.
function fitSquare(picture, size, filter) {
  const {rgb, width, height} = picture;
  if (width === size && height === size) return rgb;
  const side = Math.min(width, height);
  return resize(picture, size, filter, {left: (width - side) / 2, top: (height - side) / 2, side});
}

// The centre square at the size that tiles are cut from.
function centreSquare(picture, size, filter) {
  let factor = 1;
  while (Math.min(picture.width, picture.height) >= 2 * factor * OWN_SIDE) factor *= 2;
  const own = factor > 1 ? reduce(picture, factor) : picture;
  const side = Math.min(own.width, own.height);
  if (side < size) return {rgb: fitSquare(own, size, filter), width: size, height: size};
  const left = Math.floor((own.width - side) / 2), top = Math.floor((own.height - side) / 2);
  return {rgb: crop(own, left, top, side), width: side, height: side};
}

function crop({rgb, width}, left, top, side) {
  const result = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    const from = ((top + y) * width + left) * 3;
    result.set(rgb.subarray(from, from + side * 3), y * side * 3);
  }
  return result;
}

// Rounded as numpy does: halves to the even number.
function even(value) {
  const down = Math.floor(value);
  return value - down === 0.5 ? down + down % 2 : Math.round(value);
}
