// A click on an example asks for its answer; the picture that was chosen before makes room.
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  document.dispatchEvent(new Event('example'));
  trigger('click', {slug: button.dataset.slug});
});
