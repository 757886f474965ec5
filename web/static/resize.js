// Pillow's resampling, to the bit (src/libImaging/Resample.c and Reduce.c): two passes in whole
// numbers, with a filter that grows with the reduction, so that every pixel counts.

const PRECISION = 22;  // bits behind the point of a weight
const HALF = 1 << (PRECISION - 1);

const sinc = (x) => x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
// Name → [reach in pixels, weight by distance].
export const FILTERS = {
  bilinear: [1, (x) => Math.max(1 - Math.abs(x), 0)],
  lanczos: [3, (x) => Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0],
};

// The square `box` of a picture, `left` and `top` in pixels and halves, as `size` × `size`.
export function resize({rgb, width, height}, size, filter, {left, top, side}) {
  const across = weights(width, left, left + side, size, filter);
  const down = weights(height, top, top + side, size, filter);
  const first = down.starts[0];
  const rows = down.starts[size - 1] + down.counts[size - 1] - first;
  const narrow = horizontal(rgb, width, first, rows, size, across);
  return vertical(narrow, first, size, down);
}

// The means of squares of `factor` pixels a side, as Pillow's `reduce` rounds them; at the right and
// lower edge, of what there is.
export function reduce({rgb, width, height}, factor) {
  const columns = Math.ceil(width / factor), rows = Math.ceil(height / factor);
  const result = new Uint8Array(columns * rows * 3);
  for (let row = 0, to = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const right = Math.min((column + 1) * factor, width);
      const bottom = Math.min((row + 1) * factor, height);
      const count = (right - column * factor) * (bottom - row * factor);
      const share = Math.trunc(Math.fround(2 ** 24 / count));
      for (let channel = 0; channel < 3; channel++) {
        let sum = count >> 1;
        for (let y = row * factor; y < bottom; y++)
          for (let x = column * factor; x < right; x++) sum += rgb[(y * width + x) * 3 + channel];
        result[to++] = Math.floor(sum * share / 2 ** 24);
      }
    }
  return {rgb: result, width: columns, height: rows};
}

// For each pixel of the result: the first pixel that counts, how many do, and their weights.
function weights(length, from, to, size, name) {
  const [reach, weight] = FILTERS[name];
  const scale = (to - from) / size;
  const stretch = Math.max(scale, 1);
  const support = reach * stretch;
  const most = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(size), counts = new Int32Array(size);
  const values = new Int32Array(size * most);
  for (let i = 0; i < size; i++) {
    const centre = from + (i + 0.5) * scale;
    const start = Math.max(Math.trunc(centre - support + 0.5), 0);
    const count = Math.min(Math.trunc(centre + support + 0.5), length) - start;
    const exact = Array.from({length: count},
                             (_, k) => weight((k + start - centre + 0.5) * (1 / stretch)));
    const sum = exact.reduce((total, value) => total + value, 0);
    exact.forEach((value, k) => {
      const scaled = (sum === 0 ? value : value / sum) * 2 ** PRECISION;
      values[i * most + k] = Math.trunc(scaled + (scaled < 0 ? -0.5 : 0.5));
    });
    starts[i] = start;
    counts[i] = count;
  }
  return {starts, counts, values, most};
}

const clip = (sum) => Math.min(Math.max(sum >> PRECISION, 0), 255);

function horizontal(rgb, width, first, rows, size, {starts, counts, values, most}) {
  const result = new Uint8Array(rows * size * 3);
  for (let y = 0, to = 0; y < rows; y++)
    for (let i = 0; i < size; i++, to += 3) {
      let red = HALF, green = HALF, blue = HALF;
      let from = ((first + y) * width + starts[i]) * 3;
      const last = i * most + counts[i];
      for (let k = i * most; k < last; k++, from += 3) {
        const value = values[k];
        red += rgb[from] * value;
        green += rgb[from + 1] * value;
        blue += rgb[from + 2] * value;
      }
      result[to] = clip(red);
      result[to + 1] = clip(green);
      result[to + 2] = clip(blue);
    }
  return result;
}

function vertical(rows, first, size, {starts, counts, values, most}) {
  const result = new Uint8Array(size * size * 3);
  for (let i = 0; i < size; i++)
    for (let x = 0; x < size * 3; x++) {
      let sum = HALF;
      for (let k = 0; k < counts[i]; k++)
        sum += rows[(starts[i] - first + k) * size * 3 + x] * values[i * most + k];
      result[i * size * 3 + x] = clip(sum);
    }
  return result;
}
