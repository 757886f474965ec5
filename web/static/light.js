// Curves of ICC profiles, and light between XYZ and sRGB.

import {latin1, view} from './evidence/bytes.js';

// XYZ under D50 → linear sRGB: of the primaries of Rec. 709, adapted from D65 by Bradford's matrix.
export const FROM_XYZ = [[3.134186364, -1.617208959, -0.490694064],
                         [-0.978748504, 1.916130097, 0.033433399],
                         [0.071963928, -0.228993873, 1.405753733]];

export const fromXyz = (light) =>
  FROM_XYZ.map((row) => row[0] * light[0] + row[1] * light[1] + row[2] * light[2]);

export const encoded = (value) =>
  value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;

export const fixed = (data, at) => data.getInt32(at) / 65536;

// A function from 0 … 1 to 0 … 1, and the bytes of its tag; null and 0 if there is none.
export function curve(tag) {
  if (!tag || tag.length < 12) return [null, 0];
  const type = latin1(tag.subarray(0, 4)), data = view(tag);
  if (type === 'curv') return [sampled(data), 12 + 2 * data.getUint32(8)];
  const count = [1, 3, 4, 5, 7][data.getUint16(8)];
  return type === 'para' && count ? [formula(data, count), 12 + 4 * count] : [null, 0];
}

function sampled(data) {
  const count = data.getUint32(8);
  if (count === 0) return (value) => value;
  if (count === 1) return (value) => value ** (data.getUint16(12) / 256);
  return (value) => {
    const place = value * (count - 1), low = Math.floor(place);
    const [below, above] = [low, Math.ceil(place)].map((i) => data.getUint16(12 + 2 * i) / 65535);
    return below + (above - below) * (place - low);
  };
}

function formula(data, count) {
  const [gamma, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] =
    Array.from({length: count}, (_, i) => fixed(data, 12 + 4 * i));
  if (count < 5)  // y = (ax + b)^g + c from −b/a on, below it c
    return (value) => value >= -b / a ? (a * value + b) ** gamma + c : c;
  return (value) => value >= d ? (a * value + b) ** gamma + e : c * value + f;
}
