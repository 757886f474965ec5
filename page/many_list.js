// The list: rows are put in as they come, filtered, sorted and taken away here, so that nothing is
// judged or sent again. The files stay in the browser; one is handed to Judge when it is clicked.
const results = element.querySelector('.results');
const lists = results.querySelectorAll('ul.thumbnails, tbody');
const rows = new Map();  // the place of a file among the chosen → its row and the file itself

const given = (a, b) => a.at - b.at;
const orders = {
  given,
  ai_first: (a, b) => a.rank - b.rank || b.p_ai - a.p_ai,
  real_first: (a, b) => (a.p_ai === null) - (b.p_ai === null) || b.rank - a.rank
    || a.p_ai - b.p_ai,
  name: (a, b) => a.name.localeCompare(b.name, undefined, {numeric: true}),
};
const row = (item) => rows.get(Number(item.dataset.at)).row;
const before = (a, b) => orders[results.querySelector('select').value](a, b) || given(a, b);
const wanted = (kind) => {
  const {value} = results.querySelector('[name=many-show]:checked');
  return value === 'all' || value === kind;
};
const shown = () => [...lists[0].children].filter((item) => !item.hidden).map(row);

function count() {
  const kinds = [...rows.values()].map(({row: {kind}}) => kind);
  for (const {value, parentElement} of results.querySelectorAll('[name=many-show]'))
    parentElement.querySelector('b').textContent =
      kinds.filter((kind) => value === 'all' || value === kind).length;
  const status = results.querySelector('[role=status]');
  const fields = {shown: shown().length, total: rows.size};
  status.textContent = fields.shown === fields.total ? ''
    : status.dataset.text.replace(/\{(\w+)\}/g, (_, name) => fields[name]);
}

document.addEventListener('many-start', () => {
  rows.clear();
  for (const list of lists) list.replaceChildren();
  results.hidden = true;
  element.querySelector('.empty').hidden = false;
});

document.addEventListener('many-row', ({detail}) => {
  rows.set(detail.row.at, detail);
  for (const list of lists) {
    // In its place at once: moving all would take the focus from where the visitor is.
    const next = [...list.children].find((item) => before(detail.row, row(item)) < 0);
    const html = list.matches('ul') ? detail.row.card : detail.row.line;
    if (next) next.insertAdjacentHTML('beforebegin', html);
    else list.insertAdjacentHTML('beforeend', html);
    list.querySelector(`[data-at="${detail.row.at}"]`).hidden = !wanted(detail.row.kind);
  }
  results.hidden = false;
  element.querySelector('.empty').hidden = true;
  count();
});

element.addEventListener('change', ({target}) => {
  for (const list of lists) {
    for (const item of list.children) item.hidden = !wanted(row(item).kind);
    if (target.matches('select'))
      list.append(...[...list.children].sort((a, b) => before(row(a), row(b))));
  }
  results.classList.toggle('as-table', results.querySelector('[value=table]').checked);
  count();
});

// What is shown, in the order in which it is shown.
const contents = {
  // The mark lets Excel know UTF-8.
  csv: () => ['text/csv', ['\ufeff', results.dataset.header, '\r\n', ...shown().map(({csv}) => csv)]],
  json: () => ['application/json', ['[\n', shown().map(({json}) => json).join(',\n'), '\n]\n']],
};

function download(format) {
  const [type, parts] = contents[format]();
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(parts, {type}));
  link.download = `real-or-ai.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// As if the visitor had chosen the file in Judge: no address on the server leads to an upload.
async function openInJudge(file) {
  document.querySelector('#tab-judge-button').click();
  const find = () => document.querySelector('#tab-judge input[type=file]');
  while (!find()) await new Promise(requestAnimationFrame);  // the tab may not be there yet
  const chosen = new DataTransfer();
  chosen.items.add(file);
  find().files = chosen.files;
  find().dispatchEvent(new Event('change', {bubbles: true}));
  document.querySelector('#tab-judge').scrollIntoView();
}

element.addEventListener('click', ({target}) => {
  const button = target.closest('button');
  if (button?.matches('[data-download]')) download(button.dataset.download);
  else if (button?.matches('[data-open]'))
    openInJudge(rows.get(Number(button.closest('[data-at]').dataset.at)).file);
});
