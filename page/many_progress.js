// Tells a screen reader the beginning and the end; what stands between would be chatter.
const status = document.createElement('p');
status.setAttribute('role', 'status');
status.className = 'unseen';
element.parentElement.append(status);
watch('value', () => {
  const line = element.querySelector('.progress p');
  const bar = element.querySelector('progress');
  if (!line || !bar || bar.value === bar.max || !status.textContent)
    status.textContent = line ? line.innerText : '';
});
