"""A third family of fakes: a small diffusion model on the pixels of CIFAKE's real images.

It is of another kind than the DCGAN and than Stable Diffusion, which denoises a compressed
image. Nothing is trained on its fakes: they measure what the pack makes of a generator that it has
never met.

Method: Ho, Jain and Abbeel 2020, "Denoising diffusion probabilistic models" (arXiv 2006.11239),
with the velocity as target, in continuous time (Salimans and Ho 2022, arXiv 2202.00512), and drawn
without fresh noise (Song, Meng and Ermon 2021, arXiv 2010.02502). Departures for speed: the
network works on patches of 2×2 pixels, has no normalisation and no attention.
"""

from pathlib import Path

import keras
import numpy as np
from keras import layers

from training.fitting import checkpoints
from training.fitting.callbacks import Checkpoint, StartEpoch
from training.images.data import OBJECTS

STEPS = 50  # of drawing an image
WAVES = np.pi * 2.0 ** np.arange(6)  # time is told to the network as sines of these frequencies


def build_denoiser():
    """Noisy image [N, 32, 32, 3], time [N, 12], class [N, 10] → velocity [N, 32, 32, 3]."""
    image, time, shown = (layers.Input(shape) for shape in
                          ((32, 32, 3), (2 * len(WAVES),), (len(OBJECTS),)))
    condition = layers.Dense(128, "silu")(layers.Concatenate()([time, shown]))
    condition = layers.Dense(128, "silu")(condition)
    x = layers.Conv2D(32, 2, strides=2)(image)
    x = fine = _block(_block(x, condition), condition)
    x = layers.Conv2D(64, 3, strides=2, padding="same")(x)
    x = middle = _block(_block(x, condition), condition)
    x = layers.Conv2D(96, 3, strides=2, padding="same")(x)
    x = _block(_block(x, condition), condition)
    for filters, skip in ((64, middle), (32, fine)):
        x = layers.UpSampling2D(2)(layers.Conv2D(filters, 1)(x))
        x = layers.Conv2D(filters, 1)(layers.Concatenate()([x, skip]))
        x = _block(_block(x, condition), condition)
    velocity = layers.Conv2DTranspose(3, 2, strides=2, dtype="float32")(layers.ReLU()(x))
    return keras.Model([image, time, shown], velocity, name="denoiser")


def _block(x, condition):
    filters = x.shape[-1]
    y = layers.Conv2D(filters, 3, padding="same")(layers.Activation("silu")(x))
    y = layers.Add()([y, layers.Reshape((1, 1, filters))(layers.Dense(filters)(condition))])
    y = layers.Conv2D(filters, 3, padding="same", kernel_initializer="zeros")(
        layers.Activation("silu")(y))
    return layers.Add()([x, y])


class Noised(keras.utils.PyDataset):
    """Batches of real images, with noise for a random time in each, and their velocities."""

    def __init__(self, real, batch, seed):
        super().__init__()
        self.real, self.batch, self.seed = real, batch, seed
        self.start(0)

    def __len__(self):
        return len(self.real) // self.batch

    def __getitem__(self, step):
        rows = self.order[step * self.batch:(step + 1) * self.batch]
        rng = np.random.default_rng((self.seed, self.epoch, step))
        images = self.real.images[rows].astype("float32") / 127.5 - 1
        mirrored = rng.random(len(rows)) < 0.5
        images[mirrored] = images[mirrored, :, ::-1]
        noise = rng.standard_normal(images.shape, "float32")
        # One time in each of `batch` equal parts of [0, 1]: every batch has early and late ones.
        times = (rng.permutation(len(rows)) + rng.random()) / len(rows)
        keep, add = _mixture(times)
        shown = np.eye(len(OBJECTS), dtype="float32")[self.real.objects[rows]]
        return (keep * images + add * noise, waves(times), shown), keep * noise - add * images

    def start(self, epoch):
        """Choose the order of an epoch."""
        self.epoch = epoch
        self.order = np.random.default_rng((self.seed, epoch)).permutation(len(self.real))


def fit(real, out, epochs=16, batch=128, seed=0):
    """Train the denoiser; goes on after the last whole epoch of the same run.

    Parameters
    ----------
    real : Data
        Real images only.
    out : path
        Folder for `generator.keras` (the moving average), `curve.csv` and the checkpoint.
    epochs, batch, seed : int

    Returns
    -------
    Path
        Of the averaged denoiser.

    Raises
    ------
    DataError
        If `out` holds a run of other settings; the number of epochs is one, as the learning rate
        falls to nothing over them.
    """
    out = Path(out)
    checkpoint, done, _ = checkpoints.begin(
        out, {"batch": batch, "seed": seed, "images": len(real), "epochs": epochs})
    keras.utils.set_random_seed(seed)
    batches = Noised(real, batch, seed)
    if checkpoint:
        model = keras.models.load_model(checkpoint / "model.keras")
    else:
        model = build_denoiser()
        steps = epochs * len(batches)
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0, steps - steps // 20, warmup_target=2e-3, warmup_steps=steps // 20)
        model.compile(keras.optimizers.Adam(schedule, clipnorm=1.0, use_ema=True,
                                            ema_momentum=0.995), "mse")
    model.fit(batches, initial_epoch=done, epochs=epochs, verbose=2, callbacks=[
        StartEpoch(batches), keras.callbacks.CSVLogger(out / "curve.csv", append=done > 0),
        Checkpoint(out)])
    model.save(out / "generator.keras")
    return out / "generator.keras"


def generate(denoiser, seeds, batch=250):
    """The denoiser's images of these seeds, uint8 [N, 32, 32, 3]; seed 13 is of class 3."""
    return np.concatenate([_draw(denoiser, seeds[i:i + batch])
                           for i in range(0, len(seeds), batch)])


def waves(times):
    """Sines and cosines of times in [0, 1], float32 [N, 12]."""
    angles = np.asarray(times)[:, None] * WAVES
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype("float32")


def _draw(denoiser, seeds):
    image = np.stack([np.random.default_rng(s).standard_normal((32, 32, 3), "float32")
                      for s in seeds])
    shown = np.eye(len(OBJECTS), dtype="float32")[np.array(seeds) % len(OBJECTS)]
    times = np.linspace(1, 0, STEPS + 1)
    for now, later in zip(times, times[1:]):
        velocity = denoiser.predict_on_batch(
            [image, np.repeat(waves([now]), len(seeds), axis=0), shown])
        keep, add = _mixture(np.array([now]))
        clean = np.clip(keep * image - add * velocity, -1, 1)
        noise = (image - keep * clean) / np.maximum(add, 1e-6)
        keep, add = _mixture(np.array([later]))
        image = keep * clean + add * noise
    return np.clip((image + 1) * 127.5, 0, 255).round().astype(np.uint8)


def _mixture(times):
    """How much of the image and of the noise there is at a time, two float32 [N, 1, 1, 1]."""
    angle = np.pi / 2 * times[:, None, None, None]
    return np.cos(angle).astype("float32"), np.sin(angle).astype("float32")
