// The panel with an answer, as page/panel.py and its templates have it.

import rule from './rule.js';
import {element, icon, sentence} from './elements.js';
import {experience, judgedBy, packOf} from './experience.js';
import {pictures} from './pictures.js';
import {percent} from './vote.js';
import {labelText, language, memberText, noteText, reasonText, text} from './words.js';

const {AI, PARTLY, REAL, CANT_TELL, CONFIDENT, UNCERTAIN, CREDENTIALS, MODELS} = rule.words;
const {tones, steps, verify, signs} = rule.page;

export const waiting = () =>
  panel('waiting', null, text('panel.waiting_title'), text('twin.waiting'));

// `line` says why the image can't be judged.
export const problem = (line) => panel('problem', null, text('panel.problem_title'), line);

export const failed = (line) => panel('problem', null, text('panel.failed_title'), line);

// `bitmap` is the picture as the browser shows it, or null.
export function result(verdict, file, bitmap) {
  const next = steps.filter((step) => step !== 'limits');  // a page that the twin has not
  return panel(tones[verdict.answer], verdict.answer, labelText(verdict.answer), why(verdict),
    otherwise(verdict),
    verdict.answer === CANT_TELL ? element('ul', {class: 'next'}, next.map(
      (step) => sentence(text(`panel.next_${step}`, {verify})))) : null,
    evidence(verdict.evidence), models(verdict, file, bitmap), actions(verdict, file));
}

function panel(tone, answer, headline, line, ...parts) {
  return element('section', {class: `verdict ${tone}`, lang: language,
                             'aria-label': text('panel.region'),
                             'data-result': tone !== 'waiting'},
    element('div', {class: 'headline'}, icon(answer),
            element('div', {}, element('h2', {}, headline), element('p', {}, line))), parts);
}

// The sentence under the answer: what it rests on.
function why(verdict) {
  if (verdict.deciding) return noteText(verdict.deciding);
  if (verdict.answer === CANT_TELL) return text('panel.why_cant_tell');
  return [text('panel.why_models'), experience(verdict)].filter(Boolean).join(' ');
}

// Where the models vote against what the file proves or says.
function otherwise({answer, because, certainty, label}) {
  const side = {[AI]: AI, [PARTLY]: AI, [REAL]: REAL}[answer];
  if (because === MODELS || certainty === UNCERTAIN || side === label) return null;
  const proves = because === CREDENTIALS ? 'proves' : 'says';
  return element('p', {class: 'otherwise'},
                 text(`panel.otherwise_${proves}`, {label: labelText(label)}));
}

function evidence(notes) {
  const list = notes.map((note) => {
    const [sign, meaning] = signs[note.says] ?? [null, null];
    const fields = Object.entries(note.fields);
    return element('li', {}, sign ? icon(sign, text(meaning)) : null,
      element('p', {}, element('b', {}, note.source), ' ', noteText(note)),
      fields.length ? element('details', {}, element('summary', {}, text('panel.notes_more')),
        element('dl', {}, fields.map(([name, value]) => [
          element('dt', {}, name), element('dd', {}, String(value))]))) : null);
  });
  return element('section', {class: 'evidence'}, element('h3', {}, text('panel.evidence')),
    list.length ? [element('ul', {}, list),
                   element('p', {class: 'limits'}, text('panel.notes_caveat'))]
      : element('p', {}, text('panel.notes_none')));
}

function models(verdict, file, bitmap) {
  const {manifest} = packOf(verdict);
  const [ayes, noes] = verdict.agreement.split('-').map(Number);
  const majority = text(noes ? 'panel.vote_some' : 'panel.vote_all',
                        {ayes, count: ayes + noes, label: labelText(verdict.label)});
  const rows = verdict.votes.map((vote, i) => row(member(manifest.members[i]), vote.p_ai,
    labelText(vote.label), {class: `vote ${vote.label === AI ? 'ai' : 'real'}`}));
  const overall = row(text('panel.overall'), verdict.p_ai, text(`common.${verdict.certainty}`),
                      {class: 'vote'}, 'overall');
  const ends = element('tr', {class: 'ends', 'aria-hidden': 'true'}, element('td'),
    element('td', {class: 'meter'}, element('span', {}, '0%'), element('span', {}, '100%')),
    element('td'));
  return element('section', {class: 'models'}, element('h3', {}, text('panel.models')),
    element('p', {class: 'majority'}, [majority, judgedBy(verdict)].filter(Boolean).join(' ')),
    element('table', {class: 'members'},
      element('thead', {class: 'unseen'}, element('tr', {}, ['member', 'p_ai', 'vote'].map(
        (name) => element('th', {}, text(`panel.${name}`))))),
      element('tbody', {}, rows, overall, ends)),
    element('ul', {class: 'reasons'}, reasons(verdict).map((line) => element('li', {}, line))),
    pictures(verdict, bitmap, file.name));
}

function row(head, p, label, vote, kind = null) {
  const scale = element('span', {class: `scale ${p >= 0.5 ? 'ai' : 'real'}`, 'aria-hidden': 'true'},
                        element('i', {style: `left:${(100 * p).toFixed(1)}%`}));
  return element('tr', {class: kind}, element('th', {scope: 'row'}, head),
    element('td', {class: 'meter'}, scale, element('span', {class: 'number'}, percent(p))),
    element('td', vote, label));
}

function member(entry) {
  const [name, description] = memberText(entry);
  const size = entry.parameters
    && text('panel.parameters', {count: (entry.parameters / 1e6).toFixed(2)});
  const about = [description, size].filter(Boolean).join('; ');
  return element('span', {tabindex: 0, class: 'tip', 'data-tip': about,
                          'aria-description': about}, name);
}

function reasons(verdict) {
  const lines = verdict.reasons.map(reasonText);
  if (verdict.because !== MODELS || verdict.certainty === UNCERTAIN)
    lines.push(experience(verdict));
  if (verdict.certainty === CONFIDENT && !lines.length) lines.push(text('panel.rarely_wrong'));
  return lines.filter(Boolean);
}

// What a visitor takes away: what the server's API says, and of what and when it was said.
function actions(verdict, file) {
  const {maps, deciding, sha256, ...told} = verdict;
  const record = JSON.stringify({
    file: file.name, bytes: file.size, sha256, judged: new Date().toISOString(), ...told,
    evidence: told.evidence.map((note) => ({...note, sentence: noteText(note)})),
    reasons: told.reasons.map(reasonText)}, null, 1);
  return element('div', {class: 'actions', role: 'group', 'aria-label': text('panel.actions')},
    element('a', {download: 'real-or-ai.json',
                  href: `data:application/json;charset=utf-8,${encodeURIComponent(record)}`},
            text('panel.json')));
}
