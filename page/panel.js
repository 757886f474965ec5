// Runs once for the answer's component: `element` is its place, `props.value` its HTML.
const status = document.createElement('p');
const style = document.head.appendChild(document.createElement('style'));
style.textContent = '.off-paper { display: none !important; }';
status.setAttribute('role', 'status');
status.className = 'unseen';
const progress = document.createElement('p');
progress.className = 'progress-line';
element.parentElement.prepend(progress);
element.parentElement.append(status);
const waiting = props.value;
let latest = null;  // the serial number of the choice that is being judged
let shown = null;  // the answer to it, once it is there
let restored = null;  // an answer that was put back, and is remembered already

// The answer about one picture is never on screen beside another: it goes as soon as the next is
// chosen, and an answer to an earlier choice is not shown at all.
document.addEventListener('picture', ({detail}) => {
  latest = detail.serial;
  shown = null;
  const panel = element.querySelector('.verdict');
  if (detail.phase === 'waiting') {
    busy('');
    if (props.value !== waiting) props.value = waiting;
    return;
  }
  const percent = `${Math.round(100 * (detail.progress ?? 0))}%`;
  busy(panel.dataset[detail.phase].replace('#', percent));
});

function busy(line) {
  progress.textContent = line;
  status.textContent = line.replace(/\d+%/, '');
  element.classList.toggle('busy', line !== '');
}

// Tells a screen reader the answer, brings it into view on a small screen, and remembers it so that
// Back and a reload find it again.
watch('value', () => {
  const result = element.querySelector('.verdict[data-result]');
  if (!result) return;
  if (latest && result.dataset.serial && result.dataset.serial !== latest) {
    if (shown) props.value = shown;  // an earlier one that took longer
    return;
  }
  if (props.value === shown) return;  // put back
  shown = props.value;
  busy('');
  status.textContent = result.querySelector('.headline').innerText;
  remember(result);
  const top = result.getBoundingClientRect().top;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  if (top < 0 || top > innerHeight * 0.6)
    result.scrollIntoView({behavior: calm ? 'auto' : 'smooth', block: 'start'});
});

function remember(result) {
  if (props.value === restored) return;
  const address = new URL(location);
  for (const name of ['example', 'link', 'tab']) address.searchParams.delete(name);
  for (const [name, value] of new URLSearchParams(result.dataset.address ?? ''))
    address.searchParams.set(name, value);
  const key = `answer-${Date.now()}`;
  try {
    sessionStorage.setItem(key, props.value);
  } catch {  // full: what was remembered goes, but for the latest
    sessionStorage.clear();
    try { sessionStorage.setItem(key, props.value); } catch { /* larger than all there is */ }
  }
  history.pushState({answer: key}, '', address);
}

function restore() {
  const kept = sessionStorage.getItem(history.state?.answer ?? '');
  if (!kept) return;
  latest = null;
  restored = kept;
  props.value = kept;
}
addEventListener('popstate', restore);
// While the page is being built Gradio puts the first value in once more.
let tries = 20;
const building = setInterval(() => {
  if (!element.querySelector('.verdict[data-result]') && latest === null) restore();
  if (--tries === 0) clearInterval(building);
}, 250);

element.addEventListener('input', (event) => {
  event.target.closest('.frame')?.style.setProperty('--at', `${event.target.value}%`);
});
element.addEventListener('click', (event) => {
  if (event.target.closest('[data-print]')) print();
});

// On paper there is the panel alone: a copy of it, for the time of the printing.
addEventListener('beforeprint', () => {
  const panel = element.querySelector('.verdict[data-result]');
  if (!panel) return;
  // The page's styles hold inside Gradio's own containers only.
  const paper = document.createElement('div');
  paper.className = document.querySelector('.gradio-container').className;
  paper.innerHTML = '<div class="contain"><div id="paper"></div></div>';
  paper.querySelector('#paper').append(panel.cloneNode(true));
  for (const other of document.body.children) other.classList.add('off-paper');
  document.body.append(paper);
});
addEventListener('afterprint', () => {
  document.querySelector('#paper')?.closest('body > *').remove();
  for (const other of document.body.children) other.classList.remove('off-paper');
});
