// How a picture comes in: a file, a drop or a paste anywhere on the page, the camera, a link.
// Each choice has a serial number; the tab shows the answer to the latest only.
const picker = () => element.querySelector('.picker');
const preview = () => element.querySelector('.preview');
let serial = 0;
let sending = null;

const announce = (phase, progress) => element.dispatchEvent(new CustomEvent(
  'picture', {bubbles: true, detail: {phase, progress, serial: String(serial)}}));

function show(file, address) {
  const image = preview().querySelector('img');
  const note = preview().querySelector('p');
  URL.revokeObjectURL(image.src);
  note.textContent = '';
  image.hidden = !file;
  image.onerror = () => {
    image.hidden = true;
    note.textContent = `${file.name}: ${picker().dataset.noPreview}`;
  };
  if (file) image.src = URL.createObjectURL(file);
  else note.textContent = address ?? '';
  preview().hidden = !file && !address;
}

// By hand, as Gradio's own upload doesn't say how far it is.
function send(file) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append('files', file, file.name);
    request.upload.onprogress = ({loaded, total}) => announce('sending', loaded / total);
    request.onload = () => {
      if (request.status === 200) resolve(JSON.parse(request.response)[0]);
      else reject(new Error(request.status));
    };
    request.onerror = request.onabort = () => reject(new Error('not sent'));
    request.open('POST', 'gradio_api/upload');
    request.send(form);
    sending = request;
  });
}

async function choose(file) {
  const mine = ++serial;
  sending?.abort();
  document.getElementById(`${element.closest('[role=tabpanel]').id}-button`)?.click();
  show(file);
  announce('sending', 0);
  const given = {name: file.name, size: file.size, serial: String(mine)};
  if (file.size <= Number(picker().dataset.largest))
    await send(file).then((path) => { given.path = path; }, () => {});
  if (mine !== serial) return;
  announce('judging');
  trigger('upload', given);
}

function chooseLink(address) {
  serial += 1;
  sending?.abort();
  show(null, address);
  announce('judging');
  trigger('submit', {address, serial: String(serial)});
}

element.addEventListener('change', (event) => {
  if (event.target.type !== 'file' || !event.target.files.length) return;
  choose(event.target.files[0]);
  event.target.value = '';  // so that the same file can be chosen again
});

element.addEventListener('submit', (event) => {
  event.preventDefault();
  const address = event.target.elements.link.value.trim();
  if (address) chooseLink(address);
});

element.addEventListener('click', async (event) => {
  const button = event.target.closest('button');
  const dialog = element.querySelector('dialog');
  const video = dialog?.querySelector('video');
  if (button?.matches('.remove')) {
    serial += 1;
    sending?.abort();
    show(null);
    announce('waiting');
    trigger('clear');
  } else if (button?.matches('[data-camera]')) {
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia(
        {video: {facingMode: 'environment', width: {ideal: 4096}}});
      dialog.showModal();
    } catch {
      preview().hidden = false;
      preview().querySelector('p').textContent = picker().dataset.noCamera;
    }
  } else if (button?.matches('[data-snap]')) {
    const canvas = Object.assign(document.createElement('canvas'),
      {width: video.videoWidth, height: video.videoHeight});
    canvas.getContext('2d').drawImage(video, 0, 0);
    canvas.toBlob((blob) => choose(new File([blob], 'camera.png', {type: 'image/png'})));
    dialog.close();
  } else if (button?.matches('[data-close]')) dialog.close();
});

element.querySelector('dialog')?.addEventListener('close', ({target}) => {
  for (const track of target.querySelector('video').srcObject?.getTracks() ?? []) track.stop();
});

// Anywhere on the page, but not where another tab takes files or somebody writes. The picture is
// for the picker that is on screen; where there is none, for the main one.
const main = 'main' in picker().dataset;
const mine = () => {
  const shown = [...document.querySelectorAll('.picker')].find((one) => one.offsetParent);
  return shown ? shown === picker() : main;
};
const elsewhere = (target) => !mine() || target.closest?.('#many-files, input, textarea');
document.addEventListener('paste', (event) => {
  const [file] = event.clipboardData.files;
  if (file && mine() && !event.target.closest?.('#many-files')) choose(file);
});
document.addEventListener('dragover', (event) => {
  if (elsewhere(event.target)) return;
  event.preventDefault();
  picker().classList.add('over');
});
document.addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) picker().classList.remove('over');
});
document.addEventListener('drop', (event) => {
  picker().classList.remove('over');
  const [file] = event.dataTransfer.files;
  if (!file || elsewhere(event.target)) return;
  event.preventDefault();
  choose(file);
});

// An example is judged without a file of the visitor's.
document.addEventListener('example', ({detail}) => {
  if (!main) return;
  detail.serial = String(++serial);  // the answer to it carries this number, too
  sending?.abort();
  show(null);
  announce('judging');
});
