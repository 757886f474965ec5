// Filters and sorts the pictures and the rows here: nothing is judged or sent again.
const compare = {
  given: (a, b) => a.dataset.index - b.dataset.index,
  ai_first: (a, b) => (b.dataset.p || -1) - (a.dataset.p || -1),
  real_first: (a, b) => (a.dataset.p || 2) - (b.dataset.p || 2),
  name: (a, b) => a.dataset.name.localeCompare(b.dataset.name, undefined, {numeric: true}),
};
element.addEventListener('change', () => {
  const results = element.querySelector('.results');
  const wanted = results.querySelector('[name=many-show]:checked').value;
  const order = compare[results.querySelector('select').value];
  let shown = 0;
  for (const list of results.querySelectorAll('ul.thumbnails, tbody')) {
    const items = [...list.children].sort((a, b) => order(a, b) || compare.given(a, b));
    for (const item of items) {
      item.hidden = wanted !== 'all' && !item.dataset.kind.split(' ').includes(wanted);
      shown += !item.hidden && list.matches('ul');
    }
    list.append(...items);
  }
  results.classList.toggle('as-table', results.querySelector('[value=table]').checked);
  const status = results.querySelector('[role=status]');
  status.textContent = status.dataset.text.replace('#', shown);
});
