// A picture → what the members see of it; `ensemble.images.fit_square` and `PackModels.small`.

import {resize} from './resize.js';

// The pixels, and the shape in which the members of a pack take them.
export function tilesOf(picture, manifest) {
  const size = manifest.input_size;
  return {pixels: whole(picture, size, manifest.resize), shape: [1, size, size, 3]};
}

// The centre square at the members' size; a picture that already has it passes untouched.
function whole(picture, size, filter) {
  const {rgb, width, height} = picture;
  if (width === size && height === size) return rgb;
  const side = Math.min(width, height);
  return resize(picture, size, filter, {left: (width - side) / 2, top: (height - side) / 2, side});
}
