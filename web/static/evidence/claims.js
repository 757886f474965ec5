// What a file's metadata claims, note by note; see ensemble/evidence/claims.py.

import rule from '../rule.js';
import {chinaLabel, recognise} from './generators.js';

const {labels: LABELS, sourceTypes: SOURCE_TYPES, line: LINE, long: LONG} = rule.claims;

export const note = (source, key, fields) => ({source, key, fields, says: rule.says[key] ?? null});

export function* claims(metadata) {
  yield* pngClaims(metadata.text);
  yield* exifClaims(metadata.exif);
  yield* xmpClaims(metadata.xmp);
  if (metadata.samsung)
    yield note('Samsung Gallery', 'generator_part',
               {tool: 'Samsung Galaxy AI', genAIType: metadata.samsung});
  if (metadata.jpeg.tables) yield note('JPEG', `jpeg_${metadata.jpeg.tables}`, metadata.jpeg);
}

// What texts by keyword claim of a generator, else null.
export function generator(source, text, part = false) {
  const {tool, model, changed} = recognise(text);
  if (!tool) return null;
  const fields = Object.fromEntries(
    Object.entries(text).map(([keyword, value]) => [keyword, clean(value, LONG)]));
  fields.tool = tool;
  if (clean(model)) fields.model = clean(model);
  return note(source, generatorKey(fields, part || changed), fields);
}

// One line without control characters, cut to `length`.
export function clean(text, length = LINE) {
  const letters = [...text].slice(0, 4 * length).join('').replace(/[\p{C}\p{Z}]/gu, ' ');
  return [...letters.split(' ').filter(Boolean).join(' ')].slice(0, length).join('');
}

function* pngClaims(text) {
  yield* label('PNG text', text);
  const claim = generator('PNG text', text);
  if (claim) yield claim;
  else yield* software('PNG text', text.Software);
}

function* exifClaims({GPSLatitude: place, ...text}) {
  yield* label('EXIF', text);
  const claim = generator('EXIF', text);
  if (claim) yield claim;
  else yield* camera(text);
  if (place !== undefined) yield note('EXIF', 'place', {});
}

function* camera(text) {
  const make = clean(text.Make ?? ''), model = clean(text.Model ?? '');
  const repeated = make && model.toLowerCase().startsWith(make.toLowerCase().split(' ')[0]);
  const fields = filled({camera: repeated ? model : `${make} ${model}`.trim(),
                         date: date(text.DateTimeOriginal ?? '')});
  if (Object.keys(fields).length) yield note('EXIF', Object.keys(fields).join('_'), fields);
  yield* software('EXIF', text.Software);
}

function* xmpClaims(xmp) {
  const source = 'XMP/IPTC';
  const type = clean((xmp.DigitalSourceType ?? '').replace(/\/+$/, '').split('/').at(-1));
  const origin = type && (SOURCE_TYPES[type] ?? 'other');
  if (type) yield note(source, `source_${origin}`, {type});
  yield* label(source, xmp);
  const {CreatorTool: Software = '', Credit, Description, Creator, UserComment} = xmp;
  const part = origin === 'part_ai';
  const texts = filled({Software, Credit, Description, Creator, UserComment});
  let claim = generator(source, texts, part);
  const system = clean(xmp.AISystemUsed ?? '');
  if (system) {
    const fields = filled({tool: system, model: clean(xmp.AISystemVersionUsed ?? '')});
    claim ??= note(source, generatorKey(fields, part), fields);
  }
  if (claim) yield claim;
  else yield* software(source, Software);
}

// China's label, with the name of the producer if it gives one.
function* label(source, text) {
  const fields = Object.fromEntries(
    Object.entries(chinaLabel(text)).map(([name, value]) => [name, clean(value)]));
  if (!Object.keys(fields).length) return;
  const key = LABELS[fields.Label ?? '1'] ?? 'label';
  const producer = fields.ContentProducer || fields.ServiceProvider;
  yield producer ? note(source, `${key}_producer`, {...fields, producer})
    : note(source, key, fields);
}

function generatorKey(fields, part) {
  return part ? 'generator_part' : 'model' in fields ? 'generator_model' : 'generator';
}

function* software(source, name = '') {
  if (clean(name)) yield note(source, 'software', {software: clean(name)});
}

// EXIF's 2024:05:31 12:00:00 → 2024-05-31 12:00; empty if it is no date.
function date(text) {
  const parts = /^([12]\d{3}):(\d\d):(\d\d) (\d\d:\d\d)/.exec(text);
  return parts ? `${parts[1]}-${parts[2]}-${parts[3]} ${parts[4]}` : '';
}

const filled = (fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value));
