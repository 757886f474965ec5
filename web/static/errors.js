// Why an image can't be judged: the key of a sentence in page/words/errors.json, and its fields.

export class ImageError extends Error {
  constructor(key, fields = {}) {
    super(key);
    Object.assign(this, {key, fields});
  }
}
