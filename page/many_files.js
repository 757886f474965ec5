// Chooses files, uploads them and asks for their answers, one after the other. A file that is too
// large or can't be sent is asked for all the same: it becomes a row with its reason.
const AHEAD = 3;  // files that are on their way while one is judged
const PULSE = 5000;  // milliseconds between two looks whether the server is there

const find = (selector) => element.querySelector(selector);
const words = (name, fields) => find('.drop').dataset[name]
  .replace(/\{(\w+)\}/g, (_, field) => fields[field]);
let run = 0;         // which choice of files this is
let files = [];
let given = 0;       // how many were chosen, of which `files` are judged
let sent = [];       // a promise of the path of each file that is on its way
let done = 0;
let busy = false;
let answered = () => {};  // called with how it goes on, when a row has come or can't come
let halt = () => {};

// Says how far it is; a screen reader hears the beginning and the end, not what is between.
function tell(state) {
  let line = words(state, {done, total: files.length});
  if (given > files.length)
    line += ` ${words('tooMany', {given, limit: files.length})}`;
  find('.progress').hidden = false;
  find('.progress p').textContent = line;
  Object.assign(find('progress'), {max: files.length, value: done});
  find('[data-stop]').hidden = !busy;
  find('[data-continue]').hidden = busy || done === files.length;
  find('.ways').hidden = busy;
  if (state !== 'judging' || !done) find('[role=status]').textContent = line;
}

const send = (file) => (file.size <= Number(find('.drop').dataset.largest)
  ? upload(file).then(({path}) => path, () => undefined) : Promise.resolve());

async function judgeAll() {
  const stop = new Promise((resolve) => { halt = () => resolve('stopped'); });
  // Gradio itself does not tell a listener that the connection is lost.
  const pulse = setInterval(
    () => fetch('gradio_api/app_id').catch(() => answered('failed')), PULSE);
  let state = 'judging';
  busy = true;
  sent = [];
  while (done < files.length && state === 'judging') {
    tell(state);
    for (let at = done; at < Math.min(done + AHEAD, files.length); at += 1)
      sent[at] ??= send(files[at]);
    const path = await Promise.race([sent[done], stop]);
    const {name, size} = files[done];
    const answer = new Promise((resolve) => { answered = resolve; });
    if (path !== 'stopped') trigger('upload', {run, at: done, name, size, path});
    state = await Promise.race([answer, stop]);
  }
  clearInterval(pulse);
  busy = false;
  tell(done < files.length ? state : 'done');
}

function choose(chosen) {
  if (busy || !chosen.length) return;
  run += 1;
  files = [...chosen].slice(0, Number(find('.drop').dataset.limit));
  given = chosen.length;
  done = 0;
  document.dispatchEvent(new Event('many-start'));
  judgeAll();
}

watch('row', () => {
  const {row} = props;
  // One that was asked for again after a stop may come twice.
  if (row?.run !== run || row.at !== done) return;
  document.dispatchEvent(new CustomEvent('many-row', {detail: {row, file: files[done]}}));
  done += 1;
  if (!busy) tell(done < files.length ? 'stopped' : 'done');
  answered('judging');
});
document.addEventListener('many-failed', () => answered('failed'));

element.addEventListener('change', (event) => {
  choose(event.target.files);
  event.target.value = '';  // so that the same files can be chosen again
});
element.addEventListener('click', (event) => {
  if (event.target.closest('[data-stop]')) halt();
  else if (event.target.closest('[data-continue]')) judgeAll();
});
for (const kind of ['dragover', 'dragleave', 'drop'])
  element.addEventListener(kind, (event) => {
    event.preventDefault();
    find('.drop').classList.toggle('over', kind === 'dragover' && !busy);
    if (kind === 'drop') choose(event.dataTransfer.files);
  });
