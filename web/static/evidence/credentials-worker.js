// The manifest store of a file, with the labels of the manifests whose signer is trusted; see
// `examine` in ensemble/evidence/credentials.py. Nothing is fetched.

import anchors from '../anchors.js';
import rule from '../rule.js';
import initialise, {WasmReader} from '../vendor/c2pa.js';
import {find} from './bytes.js';
import {isJpeg, isPng, isWebp} from './metadata.js';

const {picture: PICTURE, maxCertificates, offline, certificate: CERTIFICATE, manifest: MANIFEST} =
  rule.credentials;

self.onmessage = async ({data: {module, bytes}}) => {
  await initialise({module_or_path: module});
  try {
    self.postMessage({store: await examine(bytes)});
  } catch (error) {
    self.postMessage({error: String(error?.message ?? error)});
  }
};

async function examine(bytes) {
  const format = formatOf(bytes);
  const reader = await open(bytes, format, '');
  let store = reader.manifestStore();
  const trusted = [];
  for (const [label, {signature_info: signature}] of Object.entries(store.manifests ?? {})) {
    const box = reader.resourceToBytes(label);
    const vouching = {signatures: anchors.signers, times: anchors.clocks};
    for await (const [row, certificate] of listed(box))
      if (['', signature?.issuer].includes(row.organization))
        vouching[row.vouches_for] += certificate;
    const active = label === store.active_manifest;
    const checked = await check(active ? bytes : box, active ? format : MANIFEST, vouching);
    if (active) store = checked.store;
    if (checked.holds) trusted.push(label);
  }
  return {...store, trusted};
}

// Row of the table and PEM of each certificate in a manifest whose fingerprint is listed.
async function* listed(box) {
  let at = -1;
  for (let i = 0; i < maxCertificates; i++) {
    at = find(box, CERTIFICATE, at + 1);
    if (at < 0) return;
    const der = box.slice(at, at + 4 + box[at + 2] * 256 + box[at + 3]);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', der));
    const name = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
    const row = anchors.table[name];
    if (row) {
      const lines = btoa(String.fromCharCode(...der)).replace(/.{64}/g, '$&\n');
      yield [row, `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`];
    }
  }
}

// If a certificate has expired since, a time stamp has to prove that it was used before; the stamp
// is checked alone, and then believed.
async function check(bytes, format, {signatures, times}) {
  const read = async (trust, checkStamps) =>
    (await open(bytes, format, trust, checkStamps)).manifestStore();
  let store = await read(signatures);
  if (codes(store, 'failure').has('signingCredential.expired') && times) {
    const stamp = await read(times);
    if (codes(stamp, 'success').has('timeStamp.trusted')
        && !codes(stamp, 'informational').has('timeStamp.untrusted'))
      store = await read(signatures, false);
  }
  const failures = [...codes(store, 'failure')].filter(
    (code) => format !== MANIFEST || !PICTURE.includes(code));
  return {store, holds: codes(store, 'success').has('signingCredential.trusted')
    && !failures.length};
}

const codes = (store, outcome) => new Set(
  (store.validation_results?.activeManifest?.[outcome] ?? []).map(({code}) => code));

function open(bytes, format, trust, checkStamps = true) {
  return WasmReader.fromBlob(format, new Blob([bytes], {type: format}), JSON.stringify({
    ...offline, trust: {...offline.trust, ...(trust && {trust_anchors: trust})},
    verify: {...offline.verify, verify_timestamp_trust: checkStamps}}));
}

function formatOf(bytes) {
  if (isJpeg(bytes)) return 'image/jpeg';
  if (isPng(bytes)) return 'image/png';
  if (isWebp(bytes)) return 'image/webp';
  return find(bytes.subarray(0, 12), [0x66, 0x74, 0x79, 0x70]) === 4 ? 'image/avif' : 'image/gif';
}
