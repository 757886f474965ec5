// Decoding and judging, beside the page: it stays quick to the touch meanwhile.

import rule from './rule.js';
import {checkContent, openPicture} from './decode.js';
import {ImageError} from './errors.js';
import {readMarks} from './evidence/marks.js';
import {readBlocks} from './evidence/metadata.js';
import {inputSize, judge} from './models.js';

async function look(bytes, progress) {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  const picture = await openPicture(bytes, await readBlocks(bytes),
                                    rule.images.oversampling * inputSize);
  checkContent(picture);
  const {full, width, height} = picture;
  // Marks don't survive a reduction; what is so large was not written by their scripts.
  const marks = full.width === width && full.height === height ? await readMarks(picture) : [];
  const verdict = await judge(picture, digest.slice(0, 8), progress);
  const sha256 = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0'));
  return {verdict, marks, sha256: sha256.join('')};
}

self.onmessage = async ({data: {id, bytes}}) => {
  try {
    const progress = (share) => self.postMessage({id, progress: share});
    self.postMessage({id, done: await look(bytes, progress)});
  } catch (error) {
    const known = error instanceof ImageError;
    self.postMessage({id, failed: known ? {key: error.key, fields: error.fields} : null,
                      message: String(error?.stack ?? error)});
  }
};
