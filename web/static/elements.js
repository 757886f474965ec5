// Elements of the page. Text stays text: nothing that a file says becomes HTML.

import rule from './rule.js';

// `attributes` without a value are left out; children are elements, texts or lists of them.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== null && value !== false) made.setAttribute(name, value === true ? '' : value);
  made.append(...children.flat(2).filter((child) => child !== null && child !== ''));
  return made;
}

// A sentence of our own words that has tags.
export function sentence(html) {
  const made = document.createElement('li');
  made.innerHTML = html;
  return made;
}

// The sign of an answer; with a meaning, where no word beside it says the same.
export function icon(answer, meaning = null) {
  const drawing = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  drawing.setAttribute('class', 'mark');
  drawing.setAttribute('viewBox', '0 0 24 24');
  if (meaning) {
    drawing.setAttribute('role', 'img');
    drawing.setAttribute('aria-label', meaning);
  } else drawing.setAttribute('aria-hidden', 'true');
  drawing.innerHTML = rule.page.icons[answer ?? 'None'];
  return drawing;
}
