// The pictures in the panel: the whole with the square that was judged, and the networks' maps.

import rule from './rule.js';
import {element} from './elements.js';
import {packOf} from './experience.js';
import {memberText, text} from './words.js';

const {side: SIDE, overlay} = rule.page;

// `bitmap` is the picture as the browser shows it, null if it can't.
export function pictures(verdict, bitmap, name) {
  if (!bitmap) return [];
  const {manifest} = packOf(verdict);
  const square = squareOf(bitmap);
  const maps = manifest.members.filter((member) => member.name in verdict.maps).map(
    (member) => slider(square, verdict.maps[member.name], memberText(member)[0]));
  const legend = element('p', {class: 'legend'}, ['ai', 'real'].map((side) => element('span', {},
    element('i', {class: `swatch ${side}`}),
    text('panel.towards', {label: text(`common.${side}`)}))),
    element('span', {}, text('panel.no_tint')));
  return [element('div', {class: `pictures${bitmap.width < SIDE ? ' small' : ''}`},
                  whole(verdict, bitmap, name), maps), maps.length ? legend : null];
}

function whole(verdict, bitmap, name) {
  const {width, height} = bitmap;
  const scale = Math.min(1, 2 * SIDE / Math.max(width, height));
  const drawn = canvas(Math.round(width * scale), Math.round(height * scale), (context) =>
    context.drawImage(bitmap, 0, 0, width * scale, height * scale));
  drawn.setAttribute('role', 'img');
  drawn.setAttribute('aria-label', text('panel.full_alt', {name}));
  const short = Math.min(width, height);
  const [left, top] = [width, height].map((side) => 50 * (side - short) / side);
  const style = `inset:${top.toFixed(1)}% ${left.toFixed(1)}%`;
  const caption = width === height ? 'panel.judged_all' : 'panel.judged_square';
  return element('figure', {class: 'whole'},
    element('div', {class: 'frame'}, drawn, left || top ? element('i', {style}) : null),
    element('figcaption', {}, text(caption, {width: verdict.width, height: verdict.height})));
}

function squareOf(bitmap) {
  const short = Math.min(bitmap.width, bitmap.height);
  return (context) => {
    context.imageSmoothingEnabled = short >= SIDE;
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, (bitmap.width - short) / 2, (bitmap.height - short) / 2, short, short,
                      0, 0, SIDE, SIDE);
  };
}

// The map lies over the square and is cut at the edge, which an unseen range input moves.
function slider(square, map, member) {
  const below = canvas(SIDE, SIDE, square);
  below.setAttribute('role', 'img');
  below.setAttribute('aria-label', text('panel.image_alt'));
  const above = canvas(SIDE, SIDE, square, tint(map));
  above.className = 'map';
  above.setAttribute('role', 'img');
  above.setAttribute('aria-label', text('panel.looked_alt', {member}));
  const range = element('input', {type: 'range', min: 0, max: 100, value: 50,
                                  'aria-label': text('panel.slide', {member})});
  const frame = element('div', {class: 'frame'}, below, above, range,
                        element('i', {class: 'edge'}));
  range.addEventListener('input', () => frame.style.setProperty('--at', `${range.value}%`));
  return element('figure', {class: 'slider'}, frame,
                 element('figcaption', {}, text('panel.looked', {member})));
}

// As ensemble/explain.py: orange towards AI, blue towards Real, as strong as the logit.
function tint({logits, width, height}) {
  const grid = new ImageData(width, height);
  logits.forEach((logit, i) => {
    const strength = Math.max(-1, Math.min(1, logit / overlay.fullLogit));
    const colour = strength > 0 ? overlay.ai : overlay.real;
    grid.data.set([...colour, Math.abs(strength) * overlay.opaque * 255], 4 * i);
  });
  const small = canvas(width, height, (context) => context.putImageData(grid, 0, 0));
  return (context) => {
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = 'high';
    context.drawImage(small, 0, 0, SIDE, SIDE);
  };
}

function canvas(width, height, ...drawings) {
  const made = Object.assign(document.createElement('canvas'), {width, height});
  for (const draw of drawings) draw(made.getContext('2d'));
  return made;
}
