// The page: title and language, where a picture comes in, and the answer.

import rule from './rule.js';
import packs from './packs.js';
import {element} from './elements.js';
import {ImageError} from './errors.js';
import {LIBRARY, RUNTIME} from './files.js';
import {judge} from './judge.js';
import {failed, problem, result, waiting} from './panel.js';
import {language, text} from './words.js';

const RARE = ['TIFF', 'HEIF', 'AVIF'];  // formats that not every browser decodes
const answer = document.querySelector('#verdict');
const progress = document.querySelector('.progress-line');
const dark = matchMedia('(prefers-color-scheme: dark)');
let latest = 0;  // of two pictures in a row, the last one counts

function obeyTheme() {
  document.documentElement.classList.toggle('dark', dark.matches);
}

function header() {
  const options = Object.entries(rule.page.languages).map(([code, name]) =>
    element('option', {value: code, selected: code === language}, name));
  const select = element('select', {}, options);
  select.addEventListener('change', () => {
    const address = new URL(location);
    address.searchParams.set('language', select.value);
    location.assign(address);
  });
  document.documentElement.lang = language;
  document.title = text('common.title');
  const count = packs[0].manifest.members.length;
  const lock = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  lock.setAttribute('viewBox', '0 0 24 24');
  lock.setAttribute('aria-hidden', 'true');
  lock.innerHTML = '<rect x="5" y="11" width="14" height="9" rx="2"/>'
    + '<path d="M8 11V8a4 4 0 0 1 8 0v3"/>';
  document.querySelector('header').replaceChildren(
    element('label', {class: 'language'}, element('span', {}, text('common.language')), ' ',
            select),
    element('h1', {}, text('common.title')), element('p', {}, text('common.lead', {count})),
    element('p', {class: 'private'}, lock, text('twin.private')));
}

function picker() {
  const {maxBytes, maxPixels} = rule.images;
  const limits = text('twin.limits', {megabytes: maxBytes / 2 ** 20,
                                      megapixels: maxPixels / 10 ** 6});
  const choose = element('input', {type: 'file', class: 'unseen', accept: 'image/*,.heic,.avif'});
  const camera = element('input', {type: 'file', class: 'unseen', accept: 'image/*',
                                   capture: 'environment'});
  for (const input of [choose, camera])
    input.addEventListener('change', () => {
      if (input.files.length) take(input.files[0]);
      input.value = '';  // so that the same file can be chosen again
    });
  const image = element('img', {alt: text('judge.image')});
  const remove = element('button', {type: 'button', class: 'remove',
                                    'aria-label': text('judge.remove')}, '×');
  remove.addEventListener('click', clear);
  document.querySelector('#image').replaceChildren(element('div', {class: 'picker'},
    element('div', {class: 'preview', hidden: true}, image, element('p'), remove),
    element('p', {class: 'drop-here'}, text('judge.drop')),
    element('p', {class: 'ways'},
      element('label', {class: 'button'}, element('span', {}, text('judge.choose')), choose),
      element('label', {class: 'button photo'}, element('span', {}, text('judge.camera')), camera)),
    element('p', {class: 'limits'}, limits)));
}

function show(file) {
  const preview = document.querySelector('.preview');
  const image = preview.querySelector('img'), note = preview.querySelector('p');
  URL.revokeObjectURL(image.src);
  preview.hidden = !file;
  image.hidden = false;
  note.textContent = '';
  image.onerror = () => {
    image.hidden = true;
    note.textContent = file.name;
  };
  if (file) image.src = URL.createObjectURL(file);
}

function clear() {
  latest += 1;
  show(null);
  progress.textContent = '';
  answer.replaceChildren(waiting());
}

async function take(file) {
  const mine = ++latest;
  show(file);
  answer.replaceChildren();
  progress.textContent = text('panel.judging');
  const panel = await outcome(file, (share) => {
    const percent = `${Math.floor(100 * share)}%`;
    if (mine === latest) progress.textContent = share < 1 ? text('twin.loading', {percent})
      : text('panel.judging');
  });
  if (mine !== latest) return;
  progress.textContent = '';
  answer.replaceChildren(panel);
  if (innerWidth <= 760) answer.scrollIntoView();
}

async function outcome(file, tell) {
  try {
    const verdict = await judge(file, tell);
    const bitmap = await createImageBitmap(file).catch(() => null);
    keep();
    return result(verdict, file, bitmap);
  } catch (error) {
    if (!(error instanceof ImageError)) {
      console.error(error);
      return failed(text('twin.failed'));
    }
    const {key, fields} = error;
    return problem(key === 'damaged' && RARE.includes(fields.format)
      ? text('twin.no_decoder', fields) : text(`errors.${key}`, fields));
  }
}

// Once it has answered, what else there is, so that it answers without a network.
let kept = null;
function keep() {
  if (kept || !navigator.serviceWorker?.controller || navigator.connection?.saveData) return;
  const names = [...packs.flatMap(({files}) => files.map(({name}) => name)), RUNTIME, LIBRARY];
  kept = Promise.all(names.map((name) => fetch(name).then((response) => response.arrayBuffer())))
    .then(() => { document.documentElement.dataset.kept = ''; }, () => { kept = null; });
}

obeyTheme();
dark.addEventListener('change', obeyTheme);
header();
picker();
clear();
document.addEventListener('paste', ({clipboardData: {files}}) => files[0] && take(files[0]));
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  document.querySelector('.picker').classList.add('over');
});
document.addEventListener('dragleave', ({relatedTarget}) => {
  if (!relatedTarget) document.querySelector('.picker').classList.remove('over');
});
document.addEventListener('drop', (event) => {
  event.preventDefault();
  document.querySelector('.picker').classList.remove('over');
  if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
});
navigator.serviceWorker?.register('service-worker.js');
