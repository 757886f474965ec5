"""Why an image can't be judged: one table of sentences, one type for each kind of reason."""

from ensemble.sentences import fill

ACCEPTED = "JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF or HEIC"
# By key; in braces, names of the error's fields. `page/words/errors.json` has the same keys.
SENTENCES = {
    "folder": "{name} is a folder; give an image file.",
    "unreadable": "{name} can’t be read: {reason}.",
    "empty": "The file is empty.",
    "file_too_large": "The file has {megabytes} MB; at most {most} MB are accepted.",
    "too_many_pixels": "The image has {width} × {height} pixels; at most {most} megapixels are "
                       "accepted.",
    "far_too_many_pixels": "The image has over {megapixels} megapixels; at most {most} are "
                           "accepted.",
    "no_pixels": "The image has {width} × {height} pixels; there is nothing to see.",
    "too_few_pixels": "The image has {width} × {height} pixels; models need at least {least} on "
                      "each side to see anything.",
    "flat": "The image is practically of one colour; there is nothing in it to judge.",
    "repetitive": "The JPEG file repeats its parts more often than any camera or editor does; it "
                  "is not decoded.",
    "damaged": "The {format} is damaged, cut short or of a rare kind: it can’t be decoded.",
    "pdf": f"The file is a PDF document; accepted are {ACCEPTED}.",
    "markup": f"The file is an SVG drawing or a web page; accepted are {ACCEPTED}.",
    "photoshop": f"The file is a Photoshop document; accepted are {ACCEPTED}.",
    "archive": f"The file is a ZIP archive or office document; accepted are {ACCEPTED}.",
    "jpeg_xl": f"The file is a JPEG XL image; accepted are {ACCEPTED}.",
    "text": f"The file is text; accepted are {ACCEPTED}.",
    "unknown_format": f"The file is of an unknown kind; accepted are {ACCEPTED}.",
    "not_base64": "The data: URI is not valid base64.",
    "not_uploaded": "{name} could not be uploaded.",
    "address_malformed": "A web address begins with https:// or http://.",
    "address_slow": "The address {address} did not answer in full within {seconds} seconds.",
    "address_failed": "The address {address} can’t be fetched.",
    "address_not_image": f"The address gives {{content_type}}; accepted are {ACCEPTED}.",
    "address_too_large": "The address gives more than {most} MB; at most that is accepted.",
    "too_large_together": "The files before this one had more than {most} MB together, the most "
                          "that one request may have fetched; give the rest in another request.",
}


class ImageError(ValueError):
    """An image that can't be judged; the message is written for the visitor.

    Parameters
    ----------
    key : str
        Of the sentence in `SENTENCES`.
    **fields : str or number
        What its braces stand for.
    """

    def __init__(self, key, **fields):
        self.key, self.fields = key, fields
        super().__init__(fill(SENTENCES[key], fields))

    def as_dict(self):
        """The error as the command line and the API give it."""
        return {"error": type(self).__name__, "message": str(self)}


class NotAFile(ImageError):
    """The path or address names nothing that can be read."""


class EmptyFile(ImageError):
    """The file has no bytes."""


class FileTooLarge(ImageError):
    """More bytes than are accepted."""


class UnsupportedFormat(ImageError):
    """Not of an accepted format, or not an image at all."""


class TooManyPixels(ImageError):
    """More pixels than are accepted."""


class DamagedImage(ImageError):
    """Of an accepted format, but its content can't be decoded."""


class NothingToSee(ImageError):
    """So small or so flat that any verdict would be made up."""
