// A click on an example asks for its answer; the picture that was chosen before makes room.
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  const example = {slug: button.dataset.slug};
  document.dispatchEvent(new CustomEvent('example', {detail: example}));
  trigger('click', example);
});
