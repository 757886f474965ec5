"""A second family of fakes: a DCGAN on CIFAKE's real images.

CIFAKE's fakes are all Stable Diffusion's. Images of this generator join the training
fakes, and its pictures fill the AI-generated example gallery.

Method: Radford, Metz and Chintala 2015, "Unsupervised representation learning with deep
convolutional generative adversarial networks" (arXiv 1511.06434). Departures: both networks are
told the class of the object (Mirza and Osindero 2014, arXiv 1411.1784); group instead of batch
normalisation in the discriminator, which so sees real and drawn images in one batch; and the
generator that is kept is the moving average of the trained one (Yazıcı et al. 2018,
arXiv 1806.04498).
"""

import csv
import shutil
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers
from tqdm import trange

from training.fitting import checkpoints
from training.fitting.batch_norm import BatchNormalization
from training.images.data import OBJECTS

LATENT = 100
AVERAGE = 0.995  # of the moving average of the weights that is left after a step


def build_generator():
    """Latent [N, 100] and class [N, 10] → image in [-1, 1], [N, 32, 32, 3]."""
    noise, shown = layers.Input((LATENT,)), layers.Input((len(OBJECTS),))
    x = layers.Concatenate()([noise, shown])
    x = layers.Dense(4 * 4 * 256, use_bias=False)(x)
    x = layers.Reshape((4, 4, 256))(x)
    for filters in (128, 64, 3):
        x = BatchNormalization(momentum=0.9)(x)
        x = layers.ReLU()(x)
        x = layers.Conv2DTranspose(filters, 4, strides=2, padding="same")(x)
    return keras.Model([noise, shown], layers.Activation("tanh")(x), name="generator")


def build_discriminator():
    """Image in [-1, 1], [N, 32, 32, 3], and class [N, 10] → logit of being real, [N, 1]."""
    image, shown = layers.Input((32, 32, 3)), layers.Input((len(OBJECTS),))
    planes = layers.UpSampling2D(32)(layers.Reshape((1, 1, len(OBJECTS)))(shown))
    x = layers.Concatenate()([image, planes])
    for filters in (48, 96, 192):
        x = layers.Conv2D(filters, 4, strides=2, padding="same")(x)
        if filters > 48:
            x = layers.GroupNormalization(8)(x)
        x = layers.LeakyReLU(0.2)(x)
    logit = layers.Dense(1)(layers.Flatten()(x))
    return keras.Model([image, shown], logit, name="discriminator")


def latent(seeds):
    """A standard normal vector and a class, one-hot, of each seed: seed 13 is of class 3."""
    seeds = list(seeds)
    noise = np.stack([np.random.default_rng(s).standard_normal(LATENT) for s in seeds])
    return [noise.astype("float32"), np.eye(len(OBJECTS), dtype="float32")[np.array(seeds) % 10]]


def generate(generator, seeds):
    """The generator's images of these seeds, uint8 [N, 32, 32, 3]."""
    images = generator.predict(latent(seeds), batch_size=250, verbose=0)
    return np.clip((images + 1) * 127.5, 0, 255).round().astype(np.uint8)


def fit(real, out, epochs=8, batch=64, seed=0, build=(build_generator, build_discriminator)):
    """Train the generator; goes on after the last whole epoch of the same run.

    Parameters
    ----------
    real : Data
        Real images only.
    out : path
        Folder for `generator.keras` (the moving average), `curve.csv` and the checkpoint.
    epochs, batch, seed : int
    build : pair of callable
        Of the generator and of the discriminator, with the inputs and outputs of those above.

    Returns
    -------
    Path
        Of the averaged generator.

    Raises
    ------
    DataError
        If `out` holds a run of other settings.
    """
    out = Path(out)
    # More epochs are no other settings: the rate is constant.
    checkpoint, done, _ = checkpoints.begin(
        out, {"batch": batch, "seed": seed, "images": len(real), "epochs": epochs}, {"epochs"})
    keras.utils.set_random_seed(seed)
    networks = Networks(build)
    if checkpoint:
        networks.restore(checkpoint / "state.npz")
    for epoch in range(done, epochs):
        start = time.time()
        d_loss, g_loss = networks.train_epoch(real, batch, seed, epoch,
                                              f"dcgan {epoch + 1}/{epochs}")
        _add_row(out / "curve.csv", epoch, d_loss, g_loss, time.time() - start)
        checkpoints.save(out, epoch + 1, lambda folder: (
            networks.save(folder / "state.npz"), shutil.copy(out / "curve.csv", folder)))
    networks.average.save(out / "generator.keras")
    return out / "generator.keras"


class Networks:
    """Generator, its moving average and discriminator, with their optimizers.

    Parameters
    ----------
    build : pair of callable
        As for `fit`.
    """

    def __init__(self, build):
        self.generator, self.average, self.discriminator = build[0](), build[0](), build[1]()
        self.average.set_weights(self.generator.get_weights())
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        self.discriminator.compile(keras.optimizers.Adam(2e-4, beta_1=0.5), loss)
        noise, shown = self.generator.inputs
        self.both = keras.Model([noise, shown],
                                self.discriminator([self.generator([noise, shown]), shown]))
        self.both.compile(keras.optimizers.Adam(2e-4, beta_1=0.5), loss)
        self.discriminator.optimizer.build(self.discriminator.trainable_variables)
        self.both.optimizer.build(self.generator.trainable_variables)

    def train_epoch(self, real, batch, seed, epoch, title):
        """Show every real image once; the mean losses of discriminator and generator."""
        rng = np.random.default_rng((seed, epoch))
        order = rng.permutation(len(real))
        ones = np.ones((batch, 1), "float32")
        is_real = np.concatenate([0.9 * ones, 0 * ones])  # one-sided smoothing
        classes, losses = np.eye(len(OBJECTS), dtype="float32"), []
        for step in trange(len(real) // batch, desc=title, mininterval=5):
            rows = order[step * batch:(step + 1) * batch]
            images = real.images[rows].astype("float32") / 127.5 - 1
            mirrored = rng.random(batch) < 0.5
            images[mirrored] = images[mirrored, :, ::-1]
            shown = classes[real.objects[rows]]
            noise = rng.standard_normal((batch, LATENT)).astype("float32")
            # training=True: batch statistics, as in the generator's own step
            drawn = keras.ops.convert_to_numpy(self.generator([noise, shown], training=True))
            self.discriminator.trainable = True
            d_loss = self.discriminator.train_on_batch(
                [np.concatenate([images, drawn]), np.concatenate([shown, shown])], is_real)
            self.discriminator.trainable = False
            g_loss = self.both.train_on_batch([noise, shown], ones)
            losses.append((float(d_loss), float(g_loss)))
            for averaged, new in zip(self.average.weights, self.generator.weights):
                averaged.assign(AVERAGE * averaged + (1 - AVERAGE) * new)
        self.discriminator.trainable = True
        return np.mean(losses, axis=0)

    def save(self, path):
        """Write all variables, the optimizers' too."""
        np.savez(path, **{f"v{i}": keras.ops.convert_to_numpy(variable)
                          for i, variable in enumerate(self._variables())})

    def restore(self, path):
        """Take over what `save` wrote."""
        with np.load(path) as saved:
            for i, variable in enumerate(self._variables()):
                variable.assign(saved[f"v{i}"])

    def _variables(self):
        owners = self.generator, self.average, self.discriminator
        optimizers = self.discriminator.optimizer, self.both.optimizer
        return [variable for owner in owners for variable in owner.weights] + [
            variable for owner in optimizers for variable in owner.variables]


def _add_row(curve, epoch, d_loss, g_loss, seconds):
    new = not curve.exists()
    with curve.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(["epoch", "discriminator_loss", "generator_loss", "seconds"])
        writer.writerow([epoch, f"{d_loss:.4f}", f"{g_loss:.4f}", f"{seconds:.1f}"])
