// Runs once for the verdict's component: `element` is its place, `watch` hears of new values.
const status = document.createElement('p');
status.setAttribute('role', 'status');
status.className = 'unseen';
element.parentElement.append(status);

// Tells a screen reader the headline of a new verdict, brings it into view on a small screen, and
// lets the address lead back to an example's.
watch('value', () => {
  const result = element.querySelector('.verdict[data-result]');
  status.textContent = result ? result.querySelector('.headline').innerText : '';
  const address = new URL(location);
  if (result?.dataset.example) address.searchParams.set('example', result.dataset.example);
  else address.searchParams.delete('example');
  history.replaceState(null, '', address);
  if (!result) return;
  const top = result.getBoundingClientRect().top;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  if (top < 0 || top > innerHeight * 0.6)
    result.scrollIntoView({behavior: calm ? 'auto' : 'smooth', block: 'start'});
});

element.addEventListener('input', (event) => {
  event.target.closest('.frame')?.style.setProperty('--at', `${event.target.value}%`);
});

element.addEventListener('click', async (event) => {
  if (!event.target.closest('[data-report]')) return;
  const panel = element.querySelector('.verdict');
  const page = await report(panel, document.querySelector('#notes'));
  const blob = await new Promise((done) => page.toBlob(done, 'image/png'));
  const link = Object.assign(document.createElement('a'),
    {href: URL.createObjectURL(blob), download: 'real-or-ai.png'});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  status.textContent = panel.dataset.saved;
});

// One page with what the panel and the notes say, drawn here from what is on the screen: in the
// visitor's language and fonts, and no file of it is made on the server.
async function report(panel, notes) {
  const [width, height, edge] = [1240, 1754, 90];  // A4 at 150 dots an inch
  const [ink, muted, line] = ['#26231f', '#625c53', '#dfd9cd'];
  const colours = {ai: '#a84a05', real: '#0a5c92'};
  const side = (node) => ['ai', 'real'].find((name) => node.classList.contains(name));
  const page = Object.assign(document.createElement('canvas'), {width, height});
  const pen = page.getContext('2d');
  const words = new Intl.Segmenter(panel.lang, {granularity: 'word'});
  let y = edge;
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, width, height);
  pen.textBaseline = 'top';

  const inked = (selector, root = panel) => root.querySelector(selector)?.innerText.trim() ?? '';
  // Writes wrapped text from `left` to `right` and gives the height that it took.
  const write = (text, size, {left = edge, right = width - edge, bold = false, at = y,
                              colour = ink} = {}) => {
    pen.font = `${bold ? '600 ' : ''}${size}px ui-sans-serif, system-ui, sans-serif`;
    pen.fillStyle = colour;
    const lines = [''];
    for (const {segment} of words.segment(text.replace(/\s+/g, ' '))) {
      const longer = lines.at(-1) + segment;
      if (pen.measureText(longer.trimEnd()).width <= right - left) lines[lines.length - 1] = longer;
      else lines.push(segment.trimStart());
    }
    lines.forEach((row, i) => pen.fillText(row, left, at + i * size * 1.4));
    return lines.length * size * 1.4;
  };
  const bar = (node, left, right, at) => {
    pen.fillStyle = '#f1ede5';
    pen.fillRect(left, at, right - left, 18);
    const fill = node.querySelector('i');
    if (fill) {
      const [from, long] = [fill.style.left, fill.style.width].map(parseFloat);
      pen.fillStyle = colours[side(fill)];
      pen.fillRect(left + from / 100 * (right - left), at, long / 100 * (right - left), 18);
    }
    pen.fillStyle = muted;
    pen.fillRect((left + right) / 2 - 1, at, 2, 18);
  };

  y += write(panel.dataset.title, 44, {bold: true});
  const when = new Date(panel.dataset.judged).toLocaleString(panel.lang,
    {dateStyle: 'long', timeStyle: 'short'});
  y += write(`${when} · ${panel.dataset.pack} · ${location.host}`, 22, {colour: muted}) + 20;
  const top = y;
  y += 24;
  const [label, certainty] = [panel.querySelector('h2').firstChild.textContent, inked('.pill')];
  y += write(`${label.trim()} · ${certainty}`, 38,
             {left: edge + 30, bold: true, colour: colours[side(panel)]});
  y += write(inked('.headline p'), 22, {left: edge + 30, right: width - edge - 30}) + 18;
  pen.strokeStyle = colours[side(panel)];
  pen.lineWidth = panel.classList.contains('unsure') ? 1 : 4;
  pen.strokeRect(edge, top, width - 2 * edge, y - top);
  y += 26;
  for (const said of panel.querySelectorAll('.foremost > *'))
    y += write(said.innerText, 20, {bold: said.matches('h3')}) + 6;

  write(inked('.overall .number'), 24, {left: width - edge - 90, bold: true});
  y += write(inked('.overall b'), 24, {bold: true});
  bar(panel.querySelector('.overall .bar'), edge, width - edge, y);
  y += 44;
  if (panel.querySelector('.judged')) y += write(inked('.judged'), 22, {bold: true}) + 10;
  for (const row of panel.querySelectorAll('.members tr')) {
    pen.fillStyle = line;
    pen.fillRect(edge, y - 6, width - 2 * edge, 1);
    const vote = row.querySelector('.vote');
    bar(row.querySelector('.bar'), 560, 820, y + 8);
    write(inked('.number', row), 22, {left: 836});
    write(vote.innerText, 22, {left: 940, bold: true, colour: colours[side(vote)]});
    const [name, about] = row.querySelector('th').innerText.split('\n');
    y += write(name, 22, {right: 540, bold: true});
    y += write(about ?? '', 17, {right: 540, colour: muted}) + 10;
  }

  y += 10;
  const base = panel.querySelector('.slider img');
  const pictures = [...base ? [[base, base.alt]] : [],
    ...[...panel.querySelectorAll('.pictures figure')].map((figure) =>
      [[...figure.querySelectorAll('img')].at(-1), inked('figcaption', figure)])];
  const room = (width - 2 * edge + 20) / pictures.length;
  const across = Math.min(room - 20, 300);
  let deepest = 0;
  for (const [i, [picture, caption]] of pictures.entries()) {
    await picture.decode();
    const scale = across / Math.max(picture.naturalWidth, picture.naturalHeight);
    const [left, w, h] = [edge + i * room, picture.naturalWidth * scale,
      picture.naturalHeight * scale];
    pen.drawImage(picture, left, y, w, h);
    deepest = Math.max(deepest, write(caption, 18,
      {left, right: left + room - 24, at: y + across + 8, colour: muted}));
  }
  y += across + deepest + 12;
  let left = edge;
  for (const entry of panel.querySelectorAll('.legend > span')) {
    const swatch = entry.querySelector('i');
    if (swatch) {
      pen.fillStyle = colours[side(swatch)];
      pen.fillRect(left, y + 1, 16, 16);
      left += 24;
    }
    write(entry.innerText, 18, {left, colour: muted});
    left += pen.measureText(entry.innerText).width + 36;
  }
  y += 36;
  for (const reason of panel.querySelectorAll('.reasons li'))
    y += write(`•  ${reason.innerText}`, 21) + 6;

  y += 14;
  y += write(inked('h3', notes), 26, {bold: true}) + 4;
  for (const said of notes.querySelectorAll('[data-said]')) {
    if (y > height - 260) {
      y += write('…', 21);
      break;
    }
    y += write(said.innerText, 20) + 6;
  }
  write(panel.dataset.proof, 22, {at: height - edge - 30, bold: true});
  return page;
}
