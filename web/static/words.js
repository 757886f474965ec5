// The words of the page, the server's own, in the visitor's language; see page/words.py.

import rule from './rule.js';

const {languages, aliases, labels} = rule.page;
const FIELD = /\{(\w+)\}/g;

// The one that the address names, else the first that the browser accepts, else English.
function chosen() {
  const named = new URLSearchParams(location.search).get('language') ?? '';
  for (const name of [named, navigator.language])
    for (const known of [name, name.split('-')[0]])
      if ((aliases[known] ?? known) in languages) return aliases[known] ?? known;
  return 'en';
}

export const language = chosen();
const words = (await import(`./words/${language}.js`)).default;

export function text(key, fields = {}) {
  if (!(key in words)) throw new Error(`There is no text ${key}.`);
  return words[key].replace(FIELD, (_, name) => fields[name]);
}

export const has = (key) => key in words;
export const labelText = (label) => text(labels[label]);

export function reasonText({key, fields}) {
  const entries = Object.entries(fields).map(
    ([name, value]) => [name, value in labels ? labelText(value) : value]);
  return text(`reasons.${key}`, Object.fromEntries(entries));
}

export const noteText = ({key, fields}) => text(`provenance.${key}`, fields);

// What a member is called for people, and what it is.
export function memberText({name, kind, description = ''}) {
  return has(`members.${kind}`) ? [text(`members.${kind}`), text(`members.${kind}_about`)]
    : [name, description];
}
