// Moves the edge between the two pictures, and keeps it where it was when a new one comes.
let at = 50;
const move = () => element.querySelector('.frame')?.style.setProperty('--at', `${at}%`);
element.addEventListener('input', (event) => { at = event.target.value; move(); });

// While the next picture is on its way the last is gone, and a line says how far it is.
const progress = document.createElement('p');
progress.className = 'progress-line';
progress.setAttribute('role', 'status');
element.parentElement.prepend(progress);
let latest = '';  // the serial number of the picture that was chosen last
function busy(line) {
  progress.textContent = line;
  element.classList.toggle('busy', line !== '');
}
document.addEventListener('picture', (event) => {
  const picker = event.target.closest?.('#poor')?.querySelector('.picker');
  if (!picker) return;
  event.stopPropagation();  // Judge answers the other picker's
  latest = event.detail.serial;
  const percent = `${Math.round(100 * (event.detail.progress ?? 0))}%`;
  busy((picker.dataset[event.detail.phase] ?? '').replace('#', percent));
}, true);

watch('value', () => {
  const {serial} = element.querySelector('.comparison').dataset;
  if (serial === latest || serial === '') busy('');
  const input = element.querySelector('.frame input');
  if (input) input.value = at;
  move();
});
