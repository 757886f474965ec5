// Which generator wrote the notes in a file, and China's label: ensemble/evidence/generators.py.

import rule from '../rule.js';

const given = rule.generators;
const expression = ([source, flags]) => new RegExp(source, flags);
const TOOLS = given.tools.map(([pattern, tool]) => [expression(pattern), tool]);
const [MODEL, NAMES, MAKERS, EDITORS, LABEL, GROK_SIGNATURE, GROK_NUMBER] =
  ['model', 'names', 'makers', 'editors', 'label', 'grokSignature', 'grokNumber'].map(
    (name) => expression(given[name]));
const cut = (text = '') => text.slice(0, given.searched);

// Tool and model, empty if not known, and whether the tool changed a part of a picture.
export function recognise(text) {
  const joined = Object.entries(text).map(([keyword, value]) => `${keyword}: ${cut(value)}`)
    .join('\n');
  const tool = TOOLS.find(([pattern]) => pattern.test(joined))?.[1] || grok(text) || signed(text);
  if (!tool) return {tool: '', model: '', changed: false};
  const path = MODEL.exec(joined)?.slice(1).find(Boolean) ?? '';
  const model = path.split(/[\\/]/).at(-1);
  return {tool, model: model === tool ? '' : model, changed: EDITORS.test(joined)};
}

// The fields of the label that China prescribes; empty if there is none.
export function chinaLabel(text) {
  for (const [keyword, whole] of Object.entries(text)) {
    const value = cut(whole);
    const match = keyword === 'AIGC' ? /(?=\{)/.exec(value) : LABEL.exec(value);
    if (!match) continue;
    let label = firstObject(value.slice(match.index + match[0].length));
    label = label?.AIGC ?? label;
    if (label && typeof label === 'object' && !Array.isArray(label)) {
      const fields = Object.entries(label).filter(([name]) => given.labelFields.includes(name));
      if (fields.length) return Object.fromEntries(fields.map(([name, it]) => [name, String(it)]));
    }
  }
  return {};
}

// The JSON object that a text begins with, whatever follows.
function firstObject(text) {
  let depth = 0;
  for (const {0: token, index} of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/gs)) {
    depth += token === '{' ? 1 : token === '}' ? -1 : 0;
    if (depth) continue;
    try {
      return JSON.parse(text.slice(0, index + 1));
    } catch {
      return null;
    }
  }
  return null;
}

function grok(text) {
  const fits = ([signature, number]) => GROK_SIGNATURE.test(text[signature] ?? '')
    && GROK_NUMBER.test((text[number] ?? '').trim());
  return given.grokFields.some(fits) ? 'Grok' : '';
}

function signed(text) {
  const names = given.signed.map((keyword) => cut(text[keyword])).join(' ');
  return (NAMES.exec(names) ?? MAKERS.exec(cut(text.Make)))?.[0] ?? '';
}
