// What a verdict proved to be worth on pictures that were held out; see page/packs.py.

import rule from './rule.js';
import packs from './packs.js';
import {text} from './words.js';
import {beyond} from './vote.js';

const {AI, UNCERTAIN} = rule.words;
const MANY = rule.page.many;
const ofHundred = (share) => Math.floor(share * 100 + 1e-9);

export const packOf = ({pack}) => packs.find(({manifest}) => manifest.name === pack);

export const judgedBy = (verdict) =>
  packs.length > 1 ? text(`packs.judged_${packOf(verdict).purpose}`) : '';

// In one sentence; empty if nothing was measured, or the pack doesn't know such sizes.
export function experience(verdict) {
  const {manifest, promises} = packOf(verdict);
  if (beyond(manifest.domain, verdict)) return '';
  if (verdict.certainty === UNCERTAIN) {
    if (!promises) return '';
    const told = Object.values(promises.steps).reduce((sum, step) => sum + step.coverage, 0);
    return text('packs.open', {open: ofHundred(1 - told)});
  }
  const bound = manifest.bounds[verdict.label][verdict.certainty];
  const {verdicts: count, right} = promises?.labels?.[verdict.label]?.[verdict.certainty]
    ?? {verdicts: bound.pictures ?? MANY, right: bound.right};
  if (right === undefined) return '';
  const side = verdict.label === AI ? 'ai' : 'real';
  return count < MANY ? text(`packs.few_${side}`, {count, right: Math.round(count * right)})
    : text(`packs.hundred_${side}`, {right: ofHundred(right)});
}
