// What a file's Content Credentials say of its origin; see ensemble/evidence/history.py.

import rule from '../rule.js';

const {own: OWN, earlier: EARLIER, hold: HOLD, harmless: HARMLESS, reasons: REASONS, most: MOST,
       generative: GENERATIVE} = rule.credentials;
const GENERATED = new RegExp(...rule.credentials.generated);
const SOURCE_TYPES = rule.claims.sourceTypes;

// Source, key and fields of each note, from a manifest store.
export function* statements(store) {
  if (!(store.active_manifest in (store.manifests ?? {}))) {
    yield [OWN, 'credentials_damaged', {reason: 'no active manifest'}];
    return;
  }
  const [key, fields] = signature(store);
  const past = [...history(store)];
  if (HOLD.includes(key)) {
    yield [OWN, key, fields];
    yield* past;
  } else {  // what broken credentials claim counts for nothing, so it gets no note of its own
    const claims = past.filter(([, , claim]) => 'type' in claim)
      .map(([, , claim]) => `${claim.type} (${claim.tool})`);
    yield [OWN, key, claims.length ? {...fields, claims} : fields];
  }
}

// Key and fields of the note on the signature: whose it is, and whether it holds.
function signature(store) {
  const label = store.active_manifest;
  const manifest = store.manifests[label];
  const {common_name: certificate, alg: algorithm, time} = manifest.signature_info ?? {};
  const fields = filled({signer: signer(manifest), certificate, algorithm, time,
                         generator: maker(manifest)});
  const failures = store.validation_status ?? [];
  const problems = [...new Set(failures.filter((failure) => !tolerated(failure, label))
    .map(({code}) => String(code)))];
  if (problems.length) fields.problems = problems.slice(0, MOST);
  else if (failures.length || ['Valid', 'Trusted'].includes(store.validation_state)) {
    const trusted = store.trusted.includes(label);
    return [trusted ? 'credentials_trusted' : 'credentials_untrusted', fields];
  }
  const reason = Object.entries(REASONS).find(([, parts]) => problems.some(
    (problem) => parts.some((part) => problem.includes(part))))?.[0] ?? 'invalid';
  return [`credentials_${reason}`, fields];
}

// Whether credentials hold in spite of a failure.
function tolerated({code, url = ''}, label) {
  const earlier = String(url).includes('/c2pa/') && !String(url).includes(`/c2pa/${label}/`);
  return code === 'signingCredential.untrusted'
    || (String(code).startsWith('signingCredential.') && earlier);
}

// Source, key and fields of the notes on what was done to the picture.
function* history({manifests, active_manifest: active, trusted}) {
  const line = lineage(manifests, active), vouched = vouchedFor(manifests, active, trusted);
  const others = Object.keys(manifests).filter((label) => !line.includes(label)).sort();
  const origins = new Map(), names = [];
  let camera = true;
  for (const label of [...line].reverse().concat(others)) {  // the oldest first
    const manifest = manifests[label], inLine = line.includes(label);
    const source = vouched.has(label) || !vouched.size ? OWN : EARLIER;
    for (const action of actions(manifest)) {
      const name = String(action.action).replace(/^c2pa\./, '');
      const type = sourceType(action), first = ['created', 'opened'].includes(name);
      let origin = SOURCE_TYPES[type];
      if (origin === 'ai' && !(first && inLine)) origin = 'part_ai';
      const place = `${source}|${origin}`;
      if (origin && (inLine || origin !== 'camera') && !origins.has(place))
        origins.set(place, {source, origin, fields: {
          signer: signer(manifest), tool: maker(manifest, action), type}});
      if (inLine) {
        camera &&= origin === 'camera' || ['', ...HARMLESS].includes(type);
        if (!names.includes(name)) names.push(name);
      }
    }
  }
  camera &&= !line.some((label) => ingredients(manifests[label]).some(
    ({relationship}) => relationship === 'componentOf'));
  for (const {source, origin, fields} of origins.values()) {
    if (origin === 'part_ai' && origins.has(`${source}|ai`)) continue;
    if (origin === 'camera' && !camera) continue;
    yield [source, `${source === OWN ? 'credentials_' : 'credentials_earlier_'}${origin}`, fields];
  }
  if (names.length)
    yield [OWN, 'credentials_actions', {actions: names.slice(0, MOST).join(', ')}];
}

const ingredients = (manifest) => manifest.ingredients ?? [];

// The labels from the file's own manifest to that of the first picture it was made from.
function lineage(manifests, label) {
  const line = [];
  while (label in manifests && !line.includes(label)) {
    line.push(label);
    label = ingredients(manifests[label]).find(
      ({relationship}) => relationship === 'parentOf')?.active_manifest;
  }
  return line;
}

// The labels that are reached from the file's own manifest through trusted ones only.
function vouchedFor(manifests, label, trusted) {
  const vouched = new Set(), ends = [label];
  while (ends.length) {
    label = ends.pop();
    if (!trusted.includes(label) || vouched.has(label)) continue;
    vouched.add(label);
    ends.push(...ingredients(manifests[label]).map((ingredient) => ingredient.active_manifest));
  }
  return vouched;
}

function* actions(manifest) {
  for (const {label = '', data} of manifest.assertions ?? []) {
    if (label === GENERATIVE)
      yield {action: ingredients(manifest).length ? 'edited' : 'created',
             softwareAgent: data?.description, digitalSourceType: 'trainedAlgorithmicMedia'};
    else if (label === 'actions' || label.startsWith('c2pa.actions')) {
      const list = Array.isArray(data) ? data : data?.actions;
      if (Array.isArray(list))
        yield* list.filter((one) => one && typeof one === 'object' && !Array.isArray(one));
    }
  }
}

// IPTC's word for the source of what an action added; empty if the action doesn't say.
function sourceType({digitalSourceType: uri, description}) {
  if (uri) return String(uri).replace(/\/+$/, '').split('/').at(-1);
  return GENERATED.test(description ?? '') ? 'trainedAlgorithmicMedia' : '';
}

function signer({signature_info: signature}) {
  return String(signature?.issuer || signature?.common_name || '?');
}

// The program that did an action, else its description, else what wrote the manifest.
function maker(manifest, action = {}) {
  let agent = action.softwareAgent;
  if (agent && typeof agent === 'object')
    agent = [agent.name, agent.version].filter(Boolean).join(' ');
  return String(agent || String(action.description ?? '').replace(/\.+$/, '')
    || manifest.claim_generator_info?.[0]?.name || manifest.claim_generator || '?');
}

const filled = (fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value));
