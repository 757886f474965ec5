// The members' probabilities → one verdict, and the answer; see ensemble/vote.py and answer.py.
// The tables and bounds are theirs: of the rule, and of the pack's manifest.

import rule from './rule.js';

const {AI, REAL, CANT_TELL, CREDENTIALS, MARK, NOTES, MODELS, CONFIDENT, LIKELY, UNCERTAIN} =
  rule.words;
const EPSILON = rule.vote.epsilon;

const sigmoid = (score) => 1 / (1 + Math.exp(-score));
const labelOf = (p) => p >= 0.5 ? AI : REAL;

function logit(p) {
  p = Math.min(Math.max(p, EPSILON), 1 - EPSILON);
  return Math.log(p / (1 - p));
}

function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[(sorted.length - 1) / 2];  // of an odd number
}

// A member's probability, corrected by what was learned of it on held-out pictures.
export function correct(p, i, {scales, shifts}) {
  return scales ? sigmoid(logit(p) * scales[i] + shifts[i]) : p;
}

function calibrate(probabilities, {weights, bias, median: weight = 0}) {
  const logits = probabilities.map(logit);
  return sigmoid(logits.reduce((sum, value, i) => sum + weights[i] * value, bias)
                 + weight * median(logits));
}

// How many pixels a picture is above the sizes that a pack knows; below them, negative.
export function beyond({min_side: least, max_side: most}, {width, height}) {
  const side = Math.max(width, height);
  return Math.max(side - (most ?? side), 0) + Math.min(side - (least ?? side), 0);
}

export function packFor(manifests, size) {
  const distance = ({domain}) => Math.abs(beyond(domain, size));
  return manifests.reduce((best, next) => distance(next) < distance(best) ? next : best);
}

function certaintyOf(bounds, p) {
  return [CONFIDENT, LIKELY].find((step) => step in bounds && p >= bounds[step].from) ?? UNCERTAIN;
}

// `probabilities`: corrected, one a member; `known`: whether this very file was trained on.
export function decide(manifest, size, probabilities, known) {
  const votes = manifest.members.map(({name}, i) => (
    {member: name, p_ai: probabilities[i], label: labelOf(probabilities[i])}));
  const forAi = votes.filter((vote) => vote.label === AI).length;
  const label = forAi * 2 > votes.length ? AI : REAL;
  const ayes = label === AI ? forAi : votes.length - forAi;
  const p = calibrate(probabilities, manifest.calibration);
  const pLabel = label === AI ? p : 1 - p;
  const bounds = manifest.bounds[label];
  const doubts = [...sizeDoubts(manifest, size), ...voteDoubts(label, pLabel, bounds)];
  return {
    pack: manifest.name, label, p_ai: p,
    certainty: doubts.length ? UNCERTAIN : certaintyOf(bounds, pLabel),
    agreement: `${ayes}-${votes.length - ayes}`, votes, width: size.width, height: size.height,
    reasons: known ? [...doubts, {key: 'trained_on', fields: {}}] : doubts};
}

function* sizeDoubts({domain, input_size: size}, {width, height}) {
  const outside = beyond(domain, {width, height});
  if (outside > 0) yield {key: 'reduced', fields: {size, width, height}};
  else if (outside < 0)
    yield {key: 'too_small', fields: {min_side: domain.min_side, width, height}};
}

function* voteDoubts(label, p, bounds) {
  const fields = {label, p_label: percent(p)};
  const steps = Object.values(bounds);
  if (p < 0.5) yield {key: 'contradiction', fields};
  else if (!steps.length) yield {key: 'silent', fields};
  else if (certaintyOf(bounds, p) === UNCERTAIN) {
    const lowest = Math.min(...steps.map((step) => step.from));
    yield {key: 'unsure', fields: {...fields, bound: `${tenths(Math.ceil(lowest * 1000))}%`}};
  }
}

const tenths = (thousandths) => (thousandths / 10).toFixed(1);

// A probability for people, never rounded up to certainty.
export function percent(p) {
  return `${tenths(p > 0.5 ? Math.floor(p * 1000) : Math.ceil(p * 1000))}%`;
}

// What a visitor is told: `answer`, `because`, and the note that decides, if one does.
export function answerOf(evidence, label, certainty) {
  for (const [because, says, answer] of rule.answer) {
    const note = evidence.find((one) => one.says === says && weight(one, evidence) === because);
    if (note) return {answer, because, note};
  }
  return {answer: certainty === UNCERTAIN ? CANT_TELL : label, because: MODELS, note: null};
}

function weight(note, evidence) {
  if (note.source === rule.credentials.own)
    return evidence.some(({key}) => key === 'credentials_trusted') ? CREDENTIALS : NOTES;
  return note.key.startsWith('mark_') ? MARK : NOTES;
}
