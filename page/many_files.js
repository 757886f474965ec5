// Uploads what is chosen or dropped, a few at a time, and then asks for the verdicts. A file that
// is too large or can't be sent is named all the same: it becomes a row with its reason.
let busy = false;
const give = async (chosen) => {
  const {limit, largest, sending} = element.querySelector('.drop').dataset;
  const line = element.querySelector('[role=status]');
  const files = [...chosen].slice(0, limit);
  if (busy || !files.length) return;
  busy = true;
  const given = files.map(({name, size}) => ({name, size}));
  const waiting = files.entries();
  let sent = 0;
  const send = async () => {
    for (const [at, file] of waiting) {
      if (file.size <= largest)
        await upload(file).then(({path}) => { given[at].path = path; }, () => {});
      line.textContent = sending.replace('#', ++sent).replace('#', files.length);
    }
  };
  await Promise.all([send(), send(), send(), send()]);
  line.textContent = '';
  busy = false;
  trigger('upload', {files: given, given: chosen.length});
};

element.addEventListener('change', async (event) => {
  await give(event.target.files);
  event.target.value = '';  // so that the same files can be chosen again
});
for (const kind of ['dragover', 'dragleave', 'drop'])
  element.addEventListener(kind, (event) => {
    event.preventDefault();
    element.querySelector('.drop').classList.toggle('over', kind === 'dragover');
    if (kind === 'drop') give(event.dataTransfer.files);
  });
